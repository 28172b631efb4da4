package io.github.influence4j.adapter;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.influence4j.adapter.OnnxProgram.Sentence;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Times a capture against ONNX Runtime's own forward pass, taking turns, median of 20. For a person to run. */
final class CaptureOverhead {

    private CaptureOverhead() {}

    public static void main(String[] args) throws OrtException, IOException {
        Random random = new Random(1);
        double[][] weights = new double[10][384];
        for (double[] row : weights) {
            Arrays.setAll(row, i -> random.nextGaussian());
        }
        List<Sentence> sentences = new ArrayList<>();
        for (int e = 0; e < 32; e++) {
            sentences.add(new Sentence(random.longs(16, 1000, 20000).toArray(), random.nextInt(10)));
        }
        ExampleBatch<Sentence> batch =
                ExampleSource.of(sentences).batches(32).iterator().next();
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(OnnxTest.model())) {
            LastLayer<Sentence> provider = LastLayer.of(
                    "head",
                    weights,
                    new double[10],
                    Loss.SOFTMAX_CROSS_ENTROPY,
                    all -> all.stream().map(s -> OnnxProgram.vector(session, s)).toArray(double[][]::new),
                    s -> new double[] {s.label()});
            double[] own = new double[20];
            double[] capture = new double[20];
            for (int k = -5; k < 20; k++) {
                long start = System.nanoTime();
                sentences.forEach(s -> OnnxProgram.vector(session, s));
                long middle = System.nanoTime();
                provider.capture(batch, new Objective.SampledLabels(1), provider.layers(), c -> {});
                if (k >= 0) {
                    own[k] = (middle - start) / 1e6;
                    capture[k] = (System.nanoTime() - middle) / 1e6;
                }
            }
            Arrays.sort(own);
            Arrays.sort(capture);
            System.out.printf(
                    Locale.ROOT,
                    "| last layer | 10 classes on MiniLM, 32 sentences of 16 tokens, forward only | %.1f | %.1f | %.2f |%n",
                    own[10],
                    capture[10],
                    capture[10] / own[10]);
        }
    }
}
