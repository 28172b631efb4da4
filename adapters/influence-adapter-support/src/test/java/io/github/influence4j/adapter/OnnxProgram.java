package io.github.influence4j.adapter;

import ai.onnxruntime.*;
import io.github.influence4j.api.*;
import io.github.influence4j.ekfac.Ekfac;
import java.util.*;

/** Prints the ten sentences that helped most with a query, where a linear classifier stands on the vectors of an ONNX model. */
public final class OnnxProgram {

    record Sentence(long[] tokens, int label) {}

    static void run(OrtSession onnx, double[][] weights, double[] bias, List<Sentence> training, Sentence query) {
        LastLayer<Sentence> model = LastLayer.of(
                "head",
                weights,
                bias,
                Loss.SOFTMAX_CROSS_ENTROPY,
                batch -> batch.stream().map(s -> vector(onnx, s)).toArray(double[][]::new),
                sentence -> new double[] {sentence.label()});
        ExampleSource<Sentence> train = ExampleSource.of(training);
        try (var ekfac = Ekfac.inFloat32().fit(model, train)) {
            var scores = ekfac.damped(Damping.DEFAULT).pairwise(ExampleSource.of(List.of(query)), train);
            scores.topK(0, 10).forEach(i -> System.out.println("example " + i.trainId() + ": " + i.score()));
        }
    }

    static double[] vector(OrtSession onnx, Sentence sentence) {
        long[][] ids = {sentence.tokens()};
        long[][] ones = {Arrays.stream(ids[0]).map(id -> 1).toArray()};
        OrtEnvironment ort = OrtEnvironment.getEnvironment();
        try (OnnxTensor tokens = OnnxTensor.createTensor(ort, ids);
                OnnxTensor mask = OnnxTensor.createTensor(ort, ones);
                OnnxTensor types = OnnxTensor.createTensor(ort, new long[1][ids[0].length]);
                var result = onnx.run(Map.of("input_ids", tokens, "attention_mask", mask, "token_type_ids", types))) {
            return LastLayer.mean(((float[][][]) result.get(0).getValue())[0]);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
