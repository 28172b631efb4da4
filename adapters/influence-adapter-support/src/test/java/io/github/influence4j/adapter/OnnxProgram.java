package io.github.influence4j.adapter;

import ai.onnxruntime.*;
import io.github.influence4j.api.*;
import io.github.influence4j.api.Loss;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.linalg.MatrixBackends;
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
        try (var backend = MatrixBackends.select(Precision.FLOAT32);
                var curvature = EigenbasisApproximator.<Sentence>ekfac(backend).fit(model, train);
                var solver = curvature.solver(Damping.DEFAULT)) {
            var scores =
                    new InfluenceScorer<>(backend, model).pairwise(solver, ExampleSource.of(List.of(query)), train);
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
