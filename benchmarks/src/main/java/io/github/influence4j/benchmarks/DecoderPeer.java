package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.bytedeco.openblas.global.openblas_full;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Times an EK-FAC fit and the scores of some questions on a published form (SmolLM2-135M's, the maps of its MLPs) beside
 * kronfluence, and bergson and dattri-llm where they are there: the same weights, tokens and labels (the true ones), float32, two
 * threads, one side after the other.
 */
@Command(
        name = "DecoderPeer",
        mixinStandardHelpOptions = true,
        description =
                "Times fit and scores of a language model beside kronfluence, bergson and dattri-llm; writes peer.json.")
public final class DecoderPeer implements Callable<Integer> {

    private static final JsonMapper JSON = new JsonMapper();
    private static final int THREADS = 2;

    /** Largest difference of the scores in float32, of the largest score. */
    private static final double AGREEMENT = 1e-3;

    @Option(names = "--python", required = true, description = "Python with torch, transformers and kronfluence")
    private Path python = Path.of("");

    @Option(names = "--without-kronfluence", description = "leaves kronfluence and the check of the scores out")
    private boolean withoutKronfluence;

    @Option(names = "--bergson", description = "Python with bergson; left out without it")
    private @Nullable Path bergson;

    @Option(names = "--dattri", description = "Python with dattri-llm; left out without it")
    private @Nullable Path dattri;

    @Option(names = "--train", defaultValue = "32", description = "training sequences (default: ${DEFAULT-VALUE})")
    private int train;

    @Option(names = "--questions", defaultValue = "16", description = "questions (default: ${DEFAULT-VALUE})")
    private int questions;

    @Option(names = "--batch", defaultValue = "8", description = "sequences at a time (default: ${DEFAULT-VALUE})")
    private int batch;

    @Option(names = "--tokens", defaultValue = "256", description = "tokens of each (default: ${DEFAULT-VALUE})")
    private int tokens;

    @Option(names = "--out", required = true, description = "folder for model and results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private DecoderPeer() {}

    /**
     * Runs the comparison.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DecoderPeer()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Path folder = Files.createDirectories(out).toAbsolutePath();
        Random random = new Random(1);
        int[][] trained = sequences(random, train);
        int[][] asked = sequences(random, questions);
        Files.writeString(folder.resolve("tokens.json"), JSON.writeValueAsString(Arrays.copyOf(trained, 1)));
        Files.writeString(folder.resolve("train.json"), JSON.writeValueAsString(trained));
        Files.writeString(folder.resolve("questions.json"), JSON.writeValueAsString(asked));
        PythonScript.in(folder, DecoderSpeed.SCRIPT, python).run(THREADS, 1); // makes the model
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("train", train);
        results.put("questions", questions);
        results.put("tokens", tokens);
        InfluenceScores own =
                here(folder, ExampleSource.of(examples(trained)), ExampleSource.of(examples(asked)), results);
        double difference = 0;
        if (!withoutKronfluence) {
            JsonNode peer = PythonScript.in(folder, "decoder_peer.py", python).run(THREADS, batch);
            results.put("kronfluence", peer);
            difference = difference(own, folder.resolve("scores.f32"));
            results.put("scoresDiffer", difference);
        }
        if (bergson != null) {
            results.put(
                    "bergson",
                    PythonScript.in(folder, "bergson_peer.py", bergson).run(THREADS, batch));
            results.put("correlationWithBergson", correlation(own, folder.resolve("bergson.f32")));
        }
        if (dattri != null) {
            results.put(
                    "dattri", PythonScript.in(folder, "dattri_peer.py", dattri).run(THREADS, batch));
            results.put("dattriDiffers", difference(own, folder.resolve("dattri.f32")));
            results.put("correlationWithDattri", correlation(own, folder.resolve("dattri.f32")));
        }
        Files.writeString(folder.resolve("peer.json"), JSON.writeValueAsString(results));
        System.out.println(JSON.writeValueAsString(results));
        if (!withoutKronfluence) {
            System.out.printf(Locale.ROOT, "scores differ by %.1e of the largest%n", difference);
        }
        return difference <= AGREEMENT ? 0 : 1;
    }

    private int[][] sequences(Random random, int count) {
        int[][] sequences = new int[count][];
        Arrays.setAll(sequences, e -> random.ints(tokens, 0, 49152).toArray());
        return sequences;
    }

    private static List<TokenSequence> examples(int[][] sequences) {
        return Arrays.stream(sequences)
                .map(row -> TokenSequence.labelled(row, row))
                .toList();
    }

    private InfluenceScores here(
            Path folder,
            ExampleSource<TokenSequence> trained,
            ExampleSource<TokenSequence> asked,
            Map<String, Object> results)
            throws IOException {
        FitOptions fit = FitOptions.defaults().withBatchSize(batch).withLabels(FisherLabels.empirical());
        ScoreOptions score = ScoreOptions.defaults().withBatchSize(batch).withQueryBatchSize(questions);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                Checkpoint checkpoint = Checkpoint.open(folder);
                ResidentMemory resident = new ResidentMemory()) {
            openblas_full.openblas_set_num_threads(THREADS);
            List<LayerSpec> mlps = LayerSelection.of(checkpoint.shape(), "mlp");
            results.put("machine", Machine.here(backend));
            try (Decoder model = checkpoint.decoder(
                    backend, mlps.stream().map(LayerSpec::name).toList())) {
                DataShape data = DataShape.of(train, questions).withPositions(tokens - 1);
                Floors rates = Floors.ofDecoder(backend, batch * tokens);
                results.put("rates", rates);
                results.put("firstTouchSecondsPerGibibyte", FirstTouch.secondsPerGibibyte());
                results.put("floors", rates.of(backend, model, data, fit, score));
                StageSeconds stages = new StageSeconds();
                long start = System.nanoTime();
                try (FittedCurvature<TokenSequence> ekfac =
                        Ekfac.on(backend).with(fit).reporting(stages).fit(model, trained)) {
                    results.put("fitSeconds", (System.nanoTime() - start) / 1e9);
                    results.put("fitBytes", resident.takePeak());
                    start = System.nanoTime();
                    InfluenceScores scores =
                            ekfac.damped(Damping.DEFAULT).with(score).pairwise(asked, trained);
                    results.put("scoreSeconds", (System.nanoTime() - start) / 1e9);
                    results.put("stageSeconds", stages.seconds());
                    results.put("scoreBytes", resident.takePeak());
                    return scores;
                }
            }
        }
    }

    /** Pearson's, over all pairs: bergson's scores have another scale, dattri-llm's covariances leave the last positions out. */
    private static double correlation(InfluenceScores own, Path file) throws IOException {
        double[] peer = PythonScript.numbers(file);
        double[] here = Arrays.stream(own.matrix().toArray())
                .flatMapToDouble(Arrays::stream)
                .toArray();
        return new PearsonsCorrelation().correlation(here, peer);
    }

    /** Largest difference, of the largest score. */
    private static double difference(InfluenceScores own, Path file) throws IOException {
        double[] peer = PythonScript.numbers(file);
        double largest = 0;
        double most = 0;
        int k = 0;
        for (double[] row : own.matrix().toArray()) {
            for (double value : row) {
                largest = Math.max(largest, Math.abs(value));
                most = Math.max(most, Math.abs(value - peer[k++]));
            }
        }
        return most / largest;
    }
}
