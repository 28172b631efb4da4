package io.github.influence4j.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Activation;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.Naming;
import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.Tracked;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/**
 * Times building an index of a language model's gradients, and questions to it, beside scoring the same questions by a pass of the
 * model over the same sequences. The model has the form of the study {@code index}, with random weights: a Llama of width 128 with 28
 * tracked maps.
 */
@Command(
        name = "IndexCost",
        mixinStandardHelpOptions = true,
        description = "Times an index's building and questions beside scoring passes; writes cost.json.")
public final class IndexCost implements Callable<Integer> {

    private static final JsonMapper JSON = new JsonMapper();
    private static final int WIDTH = 128;
    private static final int HEADS = 8;
    private static final int BLOCKS = 4;
    private static final int VOCABULARY = 4096;
    private static final int TOKENS = 64;
    private static final int PART = 1_000;
    private static final int FITTED = 500;
    private static final String SIGNS = "signs";
    private static final String COORDINATES = "coordinates at 1 percent";

    @Option(
            names = "--sequences",
            defaultValue = "10000",
            description = "training sequences (default: ${DEFAULT-VALUE})")
    private int sequences;

    @Option(names = "--questions", defaultValue = "16", description = "questions at once (default: ${DEFAULT-VALUE})")
    private int questions;

    @Option(names = "--percent", defaultValue = "0.25", description = "size of the signs (default: ${DEFAULT-VALUE})")
    private double percent;

    @Option(
            names = "--rounds",
            defaultValue = "2",
            description = "passes and builds, in turn (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--out", required = true, description = "folder of indices and results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private IndexCost() {}

    /**
     * Runs the benchmark.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new IndexCost()).execute(arguments));
    }

    private static List<TokenSequence> random(long seed, int count) {
        Random random = new Random(seed);
        return Stream.generate(() ->
                        TokenSequence.of(random.ints(TOKENS, 0, VOCABULARY).toArray()))
                .limit(count)
                .toList();
    }

    private static DecoderShape shape() {
        return DecoderShape.of(VOCABULARY, TOKENS, BLOCKS, WIDTH, HEADS)
                .withHidden(WIDTH * 11 / 4)
                .withGate(true)
                .withActivation(Activation.SILU)
                .withRotary(RotaryPositions.of(10_000, WIDTH / HEADS))
                .withBiases(false, false, false)
                .withNaming(Naming.LLAMA);
    }

    @Override
    public Integer call() throws IOException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Files.createDirectories(out);
        List<TokenSequence> train = random(1, sequences);
        ExampleSource<TokenSequence> asked = ExampleSource.of(random(2, questions));
        Map<String, Object> results = new LinkedHashMap<>();
        List<Cost> passes = new ArrayList<>();
        Map<String, List<Cost>> builds = new LinkedHashMap<>();
        Map<String, Double> answers = new LinkedHashMap<>();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                Decoder all = Decoder.create(backend, shape(), 3);
                Decoder model = all.tracking(EnumSet.of(Tracked.ATTENTION, Tracked.MLP));
                FittedCurvature<TokenSequence> fitted =
                        Ekfac.on(backend).fit(model, ExampleSource.of(train.subList(0, FITTED)))) {
            results.put("machine", Machine.here(backend));
            results.put("sequences", sequences);
            results.put("maps", model.layers().size());
            FactorStore factors = FactorStore.save(out.resolve("factors"), fitted);
            for (int round = 0; round < rounds; round++) {
                passes.add(Cost.of(() -> fitted.damped(Damping.DEFAULT).topK(asked, ExampleSource.of(train), 10)));
                for (String section : List.of(SIGNS, COORDINATES)) {
                    Path folder = out.resolve(section + "-" + round);
                    IndexBuild<TokenSequence> build = IndexBuild.of(
                            backend, factors, model, Damping.DEFAULT, options(section), ProgressListener.silent());
                    builds.computeIfAbsent(section, key -> new ArrayList<>())
                            .add(Cost.of(() -> build.write(folder, PartedData.of("random", train, PART), false)));
                    answers.put(section, answerSeconds(section, folder, backend, factors, model, asked));
                }
            }
        }
        results.put("passes", passes);
        results.put("builds", builds);
        results.put("answerSeconds", answers);
        Files.writeString(out.resolve("cost.json"), JSON.writeValueAsString(results));
        System.out.println(JSON.writeValueAsString(results));
        return 0;
    }

    private IndexOptions options(String section) {
        return section.equals(SIGNS)
                ? IndexOptions.defaults().withPercent(percent)
                : IndexOptions.defaults().withCoordinatesPercent(1).withoutSigns();
    }

    private static double answerSeconds(
            String section,
            Path folder,
            MatrixBackend backend,
            FactorStore factors,
            Decoder model,
            ExampleSource<TokenSequence> asked)
            throws IOException {
        try (GradientIndex index = GradientIndex.open(folder);
                IndexScoring<TokenSequence> whole = index.scoring(backend, factors, model, ProgressListener.silent())) {
            IndexScoring<TokenSequence> scoring = section.equals(SIGNS) ? whole : whole.byCoordinates();
            scoring.topK(asked, 10); // warms up
            double[] seconds = new double[5];
            for (int run = 0; run < seconds.length; run++) {
                seconds[run] = seconds(() -> scoring.topK(asked, 10));
            }
            Arrays.sort(seconds);
            return seconds[seconds.length / 2];
        }
    }

    /** Work that may fail to read or write. */
    private interface Work {
        void run() throws IOException;
    }

    private static double seconds(Work work) throws IOException {
        return Cost.of(work).seconds();
    }

    /**
     * What work took.
     *
     * @param seconds by the clock
     * @param processor seconds of all threads of the process, which other processes change less
     */
    private record Cost(double seconds, double processor) {

        static Cost of(Work work) throws IOException {
            long start = System.nanoTime();
            long before = processorNanos();
            work.run();
            return new Cost((System.nanoTime() - start) / 1e9, (processorNanos() - before) / 1e9);
        }

        private static long processorNanos() {
            return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                    .getProcessCpuTime();
        }
    }
}
