package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.ClusterPlan;
import io.github.influence4j.ekfac.plan.ClusterPlanner;
import io.github.influence4j.ekfac.plan.ClusterShape;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.ekfac.plan.StagePlan;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.store.captures.CaptureSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence plan}: reads headers only, and measures the backend for a moment. */
@Command(
        name = "plan",
        description = {
            "Says what a fit and its scores will need: flops, time, memory, disk, and what is read.",
            "Times are right within a factor of two or so. They count the model's own passes, which captures in files"
                    + " save, and not the reading of files."
        },
        sortOptions = false)
final class PlanCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Batches batches = new Batches();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Mixin
    private final Lines lines = new Lines();

    @Mixin
    private final LayerChoice layers = new LayerChoice();

    @Mixin
    private final Fitting fitting = new Fitting();

    @Mixin
    private final ScoreParts parts = new ScoreParts();

    @Mixin
    private final PlannedIndex index = new PlannedIndex();

    @Mixin
    private final Computing computing = new Computing();

    @Option(
            names = "--captures",
            paramLabel = "PATH",
            description = "capture file, or folder of shards, of the training set")
    private @Nullable Path captures;

    @Option(
            names = "--queries",
            paramLabel = "PATH",
            description = "captures of the measurement, or with --model lines of JSON, to be counted")
    private @Nullable Path queries;

    @Option(
            names = "--query-count",
            paramLabel = "Q",
            converter = Batches.CountConverter.class,
            description = "number of queries, where there are no captures of them yet (default: ${DEFAULT-VALUE})")
    private int queryCount = 1;

    @Option(
            names = "--executors",
            paramLabel = "E",
            converter = Batches.CountConverter.class,
            description = {
                "plans for so many executors of Spark: bytes shuffled and broadcast, memory to set, time of each stage",
                "Executors are taken to be as fast as this machine."
            })
    private @Nullable Integer executors;

    @Option(
            names = "--cores",
            paramLabel = "C",
            converter = Batches.CountConverter.class,
            description = "cores of an executor, all for one task (default: ${DEFAULT-VALUE})")
    private int cores = 1;

    @Option(
            names = "--partitions",
            paramLabel = "P",
            converter = Batches.CountConverter.class,
            description = "parts of the training set (default: one an executor)")
    private @Nullable Integer partitions;

    @Override
    public Integer call() throws IOException {
        lines.requireOr(captures, model, output);
        if (queries != null && output.isGiven("--query-count")) {
            throw output.wrong("--queries are counted: leave out --query-count");
        }
        if (executors != null && index.isGiven()) {
            throw output.wrong("an index is planned for one machine: leave out --executors, or --index-percent");
        }
        if (model.isGiven()) {
            planModel();
        } else {
            planCaptures();
        }
        return 0;
    }

    /** What is planned for. */
    private record Work(
            List<LayerSpec> layers,
            List<List<String>> sharedInputs,
            DataShape shape,
            FitOptions fit,
            ScoreOptions score) {}

    private Work work(List<LayerSpec> tracked, List<List<String>> sharedInputs, DataShape shape, int positions) {
        return new Work(
                tracked,
                sharedInputs,
                shape,
                batches.bound(fitting.options().withBatchPositions(positions)),
                batches.bound(parts.options().withBatchPositions(positions)));
    }

    /** Opens the files first: those that cannot be read should not wait for a backend. */
    private void planCaptures() throws IOException {
        try (CaptureSet set = CaptureSet.open(Objects.requireNonNull(captures));
                MatrixBackend started = computing.start(output, computing.precision())) {
            int rows = FitOptions.defaults().batchPositions();
            Work work = work(set.layers(), set.sharedInputs(), shape(set), rows);
            Map<String, Object> about = new LinkedHashMap<>();
            about.put("captures", set.path().toString());
            about.put("bytes of captures", bytes(set));
            about.put("examples", set.size());
            show(work, about, started, "captures: " + PlanTable.bytes(bytes(set)) + ", read once for each pass", 0);
        }
    }

    private void planModel() throws IOException {
        try (LanguageModel.Open opened = model.open();
                TextData text = lines.training(opened);
                MatrixBackend started = computing.start(output, computing.precision())) {
            int asked = queryCount;
            if (queries != null) {
                try (TextData questions = opened.questions(queries)) {
                    asked = Math.toIntExact(questions.size());
                }
            }
            DecoderShape form = opened.checkpoint().shape();
            long position = Decoder.bytesPerPositionOf(form, computing.precision());
            List<LayerSpec> tracked = layers.of(opened);
            DataShape shape = DataShape.of(text.size(), asked)
                    .withPositions(text.positions())
                    .withModelBytesPerPosition(position)
                    .withModelFlopsPerPosition(Decoder.flopsPerPositionOf(form, tracked, text.positions()));
            Work work = work(tracked, opened.sharedInputs(tracked), shape, LanguageModel.BATCH_POSITIONS);
            long parameters = form.parameters();
            long weights = parameters * computing.precision().bytes();
            long rows = batches.bound(FitOptions.defaults().withBatchPositions(LanguageModel.BATCH_POSITIONS))
                    .batchPositions();
            long batch = Math.max(text.positions(), Math.min(rows, text.size() * text.positions()));
            long states = Decoder.bytesOfPass(form, computing.precision(), batch);
            Map<String, Object> about = new LinkedHashMap<>();
            about.put("model", opened.checkpoint().path().toString());
            about.put("parameters", parameters);
            about.put("bytes of weights", weights);
            about.put("bytes of hidden states", states);
            about.put("examples", text.size());
            about.putAll(LanguageModel.counts(text));
            show(
                    work,
                    about,
                    started,
                    "and the model: weights " + PlanTable.bytes(weights) + ", states " + PlanTable.bytes(states),
                    weights + states);
        }
    }

    /** Plans for a cluster where one is described: what one machine cannot hold may fit there. */
    private void show(Work work, Map<String, Object> about, MatrixBackend started, String note, long beside) {
        MachineRate rate = MachineRate.measure(started);
        if (executors == null) {
            Plan plan = new Planner(started, rate)
                    .plan(work.layers(), work.sharedInputs(), work.shape(), work.fit(), work.score());
            Optional<PlannedIndex.Said> said =
                    index.of(plan, work.layers(), work.shape().examples(), output);
            said.ifPresent(planned -> about.put("index", planned.json()));
            print(plan, about, started, note, beside);
            if (!output.json()) {
                said.ifPresent(planned -> planned.lines().forEach(output.out()::println));
                output.out().flush();
            }
            return;
        }
        int executing = executors;
        ClusterShape cluster = new ClusterShape(executing, cores, partitions == null ? executing : partitions);
        ClusterPlan plan = new ClusterPlanner(started, rate)
                .plan(work.layers(), work.sharedInputs(), work.shape(), work.fit(), work.score(), cluster);
        double model = (double) beside + started.keptForReuseBytes();
        if (output.json()) {
            Map<String, Object> json = new LinkedHashMap<>(about);
            json.put("backend", started.description());
            json.putAll(ClusterTable.json(plan, model));
            output.printJson(json);
            return;
        }
        ClusterTable.of(plan, model).forEach(line -> output.out().println(Terminal.text(line)));
        output.out().println(note);
        output.out().flush();
    }

    /** Prints a plan, with what is there beside its stages. */
    private void print(Plan plan, Map<String, Object> about, MatrixBackend started, String note, long beside) {
        long kept = started.keptForReuseBytes();
        long fit = beside + peak(plan.stages().stream().takeWhile(stage -> !isOfScores(stage)));
        long scores = beside + peak(plan.stages().stream().dropWhile(stage -> !isOfScores(stage)));
        about.put("bytes of a fit with its model", fit);
        about.put("bytes of scores with their model", scores);
        about.put("bytes kept for reuse", kept);
        if (output.json()) {
            output.printJson(PlanJson.of(plan, about, started));
            return;
        }
        List<String> lines = output.verbose() ? plan.describe().lines().toList() : PlanTable.of(plan);
        lines.forEach(line -> output.out().println(Terminal.text(line)));
        output.out().println(note);
        output.out()
                .println("beside what Java takes: a fit " + PlanTable.bytes(fit) + ", scores "
                        + PlanTable.bytes(scores));
        output.out().println("kept for reuse: up to " + PlanTable.bytes(kept) + " more of closed matrices");
        output.out().flush();
    }

    private static boolean isOfScores(StagePlan stage) {
        return stage.stage().equals("query preparation");
    }

    private static long peak(Stream<StagePlan> stages) {
        return stages.mapToLong(stage -> Math.round(stage.memory().total()))
                .max()
                .orElse(0);
    }

    private DataShape shape(CaptureSet set) throws IOException {
        int asked = queryCount;
        if (queries != null) {
            try (CaptureSet query = CaptureSet.open(queries)) {
                asked = Math.toIntExact(query.size());
            }
        }
        DataShape shape = DataShape.of(set.size(), asked);
        List<LayerSpec> specs = set.layers();
        for (int l = 0; l < specs.size(); l++) {
            shape = shape.withPositions(specs.get(l).name(), set.positions(l));
        }
        return shape;
    }

    private static long bytes(CaptureSet set) throws IOException {
        long bytes = 0;
        for (Path file : set.files()) {
            bytes += Files.size(file);
        }
        return bytes;
    }
}
