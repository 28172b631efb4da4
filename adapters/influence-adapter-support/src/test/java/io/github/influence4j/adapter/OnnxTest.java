package io.github.influence4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.influence4j.adapter.OnnxProgram.Sentence;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.models.TrainedMlp;
import io.github.influence4j.models.TrainingOptions;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A real model in ONNX Runtime: MiniLM's sentence vectors under a classifier that is trained here. */
class OnnxTest {

    // [CLS] the film was X [SEP]; good, great, bad, terrible
    private static final long[] WORDS = {2204, 2307, 2919, 6659};

    private static List<Sentence> sentences() {
        List<Sentence> sentences = new ArrayList<>();
        for (long subject : new long[] {2143, 1996, 2001}) {
            for (int w = 0; w < WORDS.length; w++) {
                sentences.add(new Sentence(new long[] {101, 1996, subject, 2001, WORDS[w], 102}, w < 2 ? 1 : 0));
            }
        }
        return sentences;
    }

    @Test
    void lastLayerOfMiniLm() throws OrtException, IOException {
        List<Sentence> sentences = sentences();
        ExampleSource<Sentence> train = ExampleSource.of(sentences);
        try (OrtSession session = OrtEnvironment.getEnvironment().createSession(model());
                MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64)) {
            ExampleSource<LabelledExample> vectors = ExampleSource.of(sentences.stream()
                    .map(s -> LabelledExample.classified(OnnxProgram.vector(session, s), s.label()))
                    .toList());
            MlpShape shape = MlpShape.of(Activation.IDENTITY, Loss.SOFTMAX_CROSS_ENTROPY, 384, 2);
            try (Mlp start = Mlp.create(backend, shape, 1);
                    TrainedMlp head = MlpTraining.train(
                            start, vectors, TrainingOptions.adam().withEpochs(30))) {
                double[][] weights = head.model()
                        .weights()
                        .layer(shape.layers().get(0).name())
                        .toArray();
                double[][] rows = Arrays.stream(weights)
                        .map(row -> Arrays.copyOf(row, 384))
                        .toArray(double[][]::new);
                double[] bias =
                        Arrays.stream(weights).mapToDouble(row -> row[384]).toArray();
                assertEquals(10, printed(() -> OnnxProgram.run(session, rows, bias, sentences, sentences.get(0))));
                LastLayer<Sentence> provider = LastLayer.of(
                        "head",
                        rows,
                        bias,
                        Loss.SOFTMAX_CROSS_ENTROPY,
                        batch -> batch.stream()
                                .map(s -> OnnxProgram.vector(session, s))
                                .toArray(double[][]::new),
                        sentence -> new double[] {sentence.label()});
                GradientChecks.sameInEveryBatch(provider, train, new Objective.SampledLabels(1), 1e-6);
                try (EigenbasisCurvature curvature =
                                EigenbasisApproximator.<Sentence>ekfac(backend).fit(provider, train);
                        EigenbasisSolver solver = curvature.solver(Damping.DEFAULT);
                        EigenbasisCurvature own = EigenbasisApproximator.<LabelledExample>ekfac(backend)
                                .fit(head.model(), vectors);
                        EigenbasisSolver ownSolver = own.solver(Damping.DEFAULT)) {
                    InfluenceScores scores = new InfluenceScorer<>(backend, provider).pairwise(solver, train, train);
                    InfluenceScores expected =
                            new InfluenceScorer<>(backend, head.model()).pairwise(ownSolver, vectors, vectors);
                    MatrixAssert.assertClose(expected.matrix(), scores.matrix(), Tolerances.PARITY_FLOAT32, "scores");
                    Influence best = scores.topK(0, 1).get(0);
                    assertEquals(1, sentences.get((int) best.trainId()).label());
                    assertTrue(best.score() > 0);
                }
            }
        }
    }

    /** How many lines with a score an action prints. */
    private static long printed(Runnable action) {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            action.run();
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.matches("example \\d+: -?[0-9.E-]+"))
                .count();
    }

    static byte[] model() throws IOException {
        try (InputStream in = Objects.requireNonNull(OnnxTest.class.getResourceAsStream("/all-minilm-l6-v2-q.onnx"))) {
            return in.readAllBytes();
        }
    }
}
