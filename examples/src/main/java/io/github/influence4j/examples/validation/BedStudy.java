package io.github.influence4j.examples.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.RemovalOptions;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.RetrainingOptions;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import io.github.influence4j.baselines.validation.ComparisonTable;
import io.github.influence4j.baselines.validation.Estimate;
import io.github.influence4j.baselines.validation.PbrfTruth;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.ekfac.plan.StagePlan;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpCheckpoints;
import io.github.influence4j.models.MlpTrainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.commons.math3.stat.StatUtils;

/** Everything about one data set: the models trained on halves of it, then each seed's network with all estimators. */
final class BedStudy {

    private static final int ASIDE_QUERIES = 5;
    private static final Set<String> FIT_STAGES = Set.of("covariances", "eigendecomposition", "eigenvalues");
    private static final double LEFT_OUT = 0.1;
    private static final int SEGMENTS = 3;
    private static final int PER_SEGMENT = 2;
    private static final double HALF = 0.5;
    private static final long SUBSET_SEED = 11;
    private static final long FIRST_RETRAINING_SEED = 1_001;
    private static final long CANDIDATE_SEED = 5;

    private final MatrixBackend backend;
    private final Bed bed;
    private final ValidationOptions options;
    private final ProgressListener progress;
    private final SeedStudy.BedSources sources;
    private final RowTable table;
    private final List<SeedStudy.TruthQuality> truths = new ArrayList<>();
    private final Map<DampingLevel, Map<String, List<BlockDistance>>> distances = new LinkedHashMap<>();
    private final List<SeedStudy.SolverChecks> checks = new ArrayList<>();
    private final List<Double> testLosses = new ArrayList<>();
    private final Map<DampingLevel, LissaTuning> lissa = new HashMap<>();

    BedStudy(MatrixBackend backend, Bed bed, ValidationOptions options, ProgressListener progress) {
        this.backend = backend;
        this.bed = bed;
        this.options = options;
        this.progress = (stage, done, total) -> progress.progress(bed.title() + ": " + stage, done, total);
        this.sources = sources(bed.split(), options);
        this.table = new RowTable(bed.title());
    }

    private static SeedStudy.BedSources sources(BedSplit split, ValidationOptions options) {
        ExampleSource<LabelledExample> train = ExampleSource.of(split.train());
        List<LabelledExample> test = split.test();
        ExampleSource<LabelledExample> queries =
                ExampleSource.of(test.subList(0, Math.min(options.queries(), test.size())));
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, split.train().size()).boxed().toList());
        Collections.shuffle(order, new Random(CANDIDATE_SEED));
        List<Integer> chosen = order.subList(0, Math.min(options.candidates(), order.size()));
        ExampleSource<LabelledExample> asideQueries = ExampleSource.of(
                split.aside().subList(0, Math.min(ASIDE_QUERIES, split.aside().size())));
        ExampleSource<LabelledExample> candidates = ExampleSource.of(
                chosen.stream().map(split.train()::get).toList(),
                chosen.stream().mapToLong(Integer::longValue).toArray());
        return new SeedStudy.BedSources(train, queries, asideQueries, candidates);
    }

    /** Runs the study; finished trainings are kept in the folder. */
    BedResult run(Path folder) throws IOException {
        RetrainedObjectives retrained = halves(folder);
        List<BedResult.Removal> removals = List.of();
        BedResult.Cost cost = new BedResult.Cost(1, 1, 1, 1, 1, 0, 0, 0);
        for (int seed = 1; seed <= options.seeds(); seed++) {
            try (Mlp start = Mlp.create(backend, bed.shape(), seed);
                    MlpCheckpoints run = MlpCheckpoints.train(
                            start,
                            sources.train(),
                            bed.training().withSeed(seed),
                            SEGMENTS,
                            PER_SEGMENT,
                            ProgressListener.silent());
                    SeedStudy study = new SeedStudy(backend, run, bed.weightDecay(), sources)) {
                testLosses.add(testLoss(run.checkpoints().trained()));
                Map<String, ComparisonTable.Row> detail = seed(study, seed, retrained);
                if (seed == 1) {
                    cost = cost(detail, checks.get(0).lissaDepthN());
                    removals = removals(folder, detail.values());
                }
            }
        }
        return new BedResult(
                bed.title(),
                bed.source(),
                Math.toIntExact(sources.train().size()),
                bed.parameters(),
                mean(testLosses),
                table.rows(),
                table.sampledRows(),
                truths(),
                blockDistances(),
                checks.stream()
                        .mapToDouble(SeedStudy.SolverChecks::cgDistance)
                        .max()
                        .orElse(Double.NaN),
                checks.stream()
                        .mapToDouble(SeedStudy.SolverChecks::preconditionedCgPearson)
                        .average()
                        .orElse(Double.NaN),
                cost,
                DampingLevel.ALL.stream()
                        .map(level -> new BedResult.Lissa(
                                level.inWords(), lissa(level).tried()))
                        .toList(),
                table.divergences(),
                removals,
                bed.classes()
                        ? new MislabelledStudy(
                                        backend,
                                        bed.shape(),
                                        bed.training(),
                                        bed.split().train())
                                .run(options.seeds())
                        : List.of());
    }

    private LissaTuning lissa(DampingLevel level) {
        return lissa.getOrDefault(level, LissaTuning.untuned());
    }

    private RetrainedObjectives halves(Path folder) throws IOException {
        long[] ids = LongStream.range(0, sources.train().size()).toArray();
        TrainingSubsets subsets = TrainingSubsets.random(ids, options.subsets(), HALF, SUBSET_SEED);
        RetrainingOptions retraining = RetrainingOptions.of(options.repeats())
                .withFirstSeed(FIRST_RETRAINING_SEED)
                .withProgressFile(folder.resolve("halves-" + bed.fileName() + ".tsv"), inWords());
        return new Retraining<>(trainer(), retraining).run(sources.train(), sources.queries(), subsets, progress);
    }

    /** Trains without what estimators of the first network call most helpful. */
    private List<BedResult.Removal> removals(Path folder, Collection<ComparisonTable.Row> detail) throws IOException {
        if (options.removalQueries() == 0) {
            return List.of();
        }
        RemovalStudy study = new RemovalStudy(options.removalQueries(), LEFT_OUT);
        RemovalOptions removal = RemovalOptions.of(
                        List.of(study.count(sources.train().size())))
                .withRepeats(options.repeats(), FIRST_RETRAINING_SEED)
                .withFolder(folder.resolve("removals-" + bed.fileName()), inWords());
        return study.run(trainer(), removal, sources, scores(detail), progress);
    }

    private MlpTrainer trainer() {
        return new MlpTrainer(backend, bed.shape(), bed.training());
    }

    private String inWords() {
        return bed.shape() + ", " + bed.training() + ", " + backend.description();
    }

    private static Map<String, InfluenceScores> scores(Collection<ComparisonTable.Row> entries) {
        Map<String, InfluenceScores> scores = new HashMap<>();
        entries.forEach(entry -> entry.scores().ifPresent(found -> scores.put(entry.estimator(), found)));
        return scores;
    }

    private Map<String, ComparisonTable.Row> seed(SeedStudy study, int seed, RetrainedObjectives retrained) {
        Map<String, ComparisonTable.Row> detail = new LinkedHashMap<>();
        for (DampingLevel level : DampingLevel.ALL) {
            LayerDamping damping = study.resolve(level);
            if (seed == 1 && options.tuneLissa()) {
                lissa.put(level, study.tuneLissa(damping));
            }
            PbrfTruth truth = study.truth(damping, progress);
            truths.add(SeedStudy.quality(level, truth));
            List<ComparisonTable.Row> entries =
                    study.compare(damping, truth, retrained, lissa(level).options(), progress);
            table.add(level, entries);
            study.blockDistances(damping, scores(entries)).forEach((estimator, distance) -> distances
                    .computeIfAbsent(level, key -> new LinkedHashMap<>())
                    .computeIfAbsent(estimator, key -> new ArrayList<>())
                    .add(distance));
            if (level.equals(DampingLevel.DETAIL)) {
                entries.forEach(entry -> detail.put(entry.estimator(), entry));
                checks.add(study.checks(damping, truth, scores(entries)));
            }
        }
        return detail;
    }

    private BedResult.Cost cost(Map<String, ComparisonTable.Row> detail, Estimate lissaDepthN) {
        ComparisonTable.Row ekfac = detail.get(EstimatorNames.SAMPLED_EKFAC);
        if (ekfac == null) {
            throw new IllegalStateException("EK-FAC was not compared");
        }
        int queries = Math.toIntExact(sources.queries().size());
        List<StagePlan> stages = plan(queries, 1);
        double ofFit = fitFlops(stages);
        double all = stages.stream().mapToDouble(BedStudy::flops).sum();
        // the exact output Hessian takes a pass for each output, as so many sampled labels would
        double ofExactFit = fitFlops(plan(queries, bed.shape().outputs()));
        return new BedResult.Cost(
                queries,
                ofFit,
                all - ofFit,
                ofExactFit,
                lissaDepthN.solveFlops().orElse(Double.NaN),
                ekfac.fitMillis(),
                ekfac.perQueryMillis() * queries,
                lissaDepthN.queryMillis());
    }

    private List<StagePlan> plan(int queries, int labels) {
        FitOptions fit = FitOptions.defaults().withLabels(new FisherLabels.Sampled(FisherLabels.DEFAULT_SEED, labels));
        return new Planner(backend, MachineRate.of(1))
                .plan(bed.shape().layers(), DataShape.of(sources.train().size(), queries), fit, ScoreOptions.defaults())
                .stages();
    }

    private static double fitFlops(List<StagePlan> stages) {
        return stages.stream()
                .filter(stage -> FIT_STAGES.contains(stage.stage()))
                .mapToDouble(BedStudy::flops)
                .sum();
    }

    private static double flops(StagePlan stage) {
        return stage.flops() + stage.modelFlops();
    }

    private double testLoss(Mlp model) {
        List<LabelledExample> test = bed.split().test();
        return StatUtils.mean(model.losses(
                ExampleSource.of(test).batches(test.size()).iterator().next()));
    }

    private List<BedResult.Truth> truths() {
        return DampingLevel.ALL.stream()
                .map(level -> {
                    List<SeedStudy.TruthQuality> ofLevel = truths.stream()
                            .filter(truth -> truth.level().equals(level))
                            .toList();
                    return new BedResult.Truth(
                            level.inWords(),
                            mean(ofLevel.stream()
                                    .map(SeedStudy.TruthQuality::medianResidual)
                                    .toList()),
                            ofLevel.stream()
                                    .mapToDouble(SeedStudy.TruthQuality::largestResidual)
                                    .max()
                                    .orElse(Double.NaN),
                            ofLevel.stream()
                                    .mapToInt(SeedStudy.TruthQuality::converged)
                                    .sum(),
                            ofLevel.stream()
                                    .mapToInt(SeedStudy.TruthQuality::searches)
                                    .sum());
                })
                .toList();
    }

    private List<BedResult.Closeness> blockDistances() {
        List<BedResult.Closeness> all = new ArrayList<>();
        distances.forEach((level, byName) -> byName.forEach((estimator, ofSeeds) ->
                all.add(new BedResult.Closeness(level.inWords(), estimator, BlockDistance.mean(ofSeeds)))));
        return all;
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
