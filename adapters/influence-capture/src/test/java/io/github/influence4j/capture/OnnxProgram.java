package io.github.influence4j.capture;

import ai.onnxruntime.*;
import io.github.influence4j.api.*;
import io.github.influence4j.models.Loss;
import java.util.*;

/** The last layer of a classifier on the sentence vectors of an ONNX model as a provider. */
public final class OnnxProgram {

    /** A sentence as ids of tokens, and whether it is praise. */
    record Sentence(long[] tokens, int label) {}

    static LastLayer<Sentence> provider(OrtSession session, double[][] weights, double[] bias) {
        return LastLayer.of(
                LayerSpec.dense("head", weights[0].length, weights.length),
                Loss.SOFTMAX_CROSS_ENTROPY,
                batch -> {
                    double[][] vectors =
                            batch.stream().map(s -> vector(session, s)).toArray(double[][]::new);
                    return new LastLayer.Forward(Matrix.of(vectors), LastLayer.outputs(vectors, weights, bias));
                },
                sentence -> new double[] {sentence.label()});
    }

    static double[] vector(OrtSession session, Sentence sentence) {
        long[][] ids = {sentence.tokens()};
        long[][] ones = {Arrays.stream(ids[0]).map(id -> 1).toArray()};
        OrtEnvironment ort = OrtEnvironment.getEnvironment();
        try (OnnxTensor tokens = OnnxTensor.createTensor(ort, ids);
                OnnxTensor mask = OnnxTensor.createTensor(ort, ones);
                OnnxTensor types = OnnxTensor.createTensor(ort, new long[1][ids[0].length]);
                OrtSession.Result result =
                        session.run(Map.of("input_ids", tokens, "attention_mask", mask, "token_type_ids", types))) {
            return LastLayer.mean(((float[][][]) result.get(0).getValue())[0]);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
