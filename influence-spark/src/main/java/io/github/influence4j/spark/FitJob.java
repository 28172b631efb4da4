package io.github.influence4j.spark;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** The stages of a fit, as the driver runs them. It holds names and counts, and one layer's basis while that is broadcast. */
final class FitJob<R, E> {

    static final String WORK = ".spark";

    private final JavaSparkContext spark;
    private final Stages stages;
    private final SentModel<E> model;
    private final SparkExamples<R, E> train;
    private final FitSettings settings;

    FitJob(JavaSparkContext spark, Stages stages, SentModel<E> model, SparkExamples<R, E> train, FitSettings settings) {
        this.spark = spark;
        this.stages = stages;
        this.model = model;
        this.train = train;
        this.settings = settings;
    }

    FactorStore run(Path target) throws IOException {
        try (FolderLock lock = FolderLock.acquire(target.resolve(WORK))) {
            lock.requireHeld();
            TaskLock.requireFree(target);
            WorkFolder folder = WorkFolder.create(target.resolve(WORK).resolve("pieces"));
            try {
                fit(folder, target.toAbsolutePath());
            } finally {
                folder.delete();
            }
        }
        return FactorStore.open(target);
    }

    private void fit(WorkFolder folder, Path target) {
        SentModel<E> sent = model;
        FitSettings chosen = settings;
        FitPlan plan = stages.run("plan", 0, 1, () -> spark.parallelize(List.of(0), 1)
                .map(one -> {
                    folder.requireSeen();
                    try (var loan = sent.borrow()) {
                        return FitPlan.of(sent.in(loan), sent.precision(), chosen);
                    }
                })
                .first());
        long examples = stages.run("examples", 0, 1, () -> ExampleCount.of("training set", train));
        FitUnits<E> units = new FitUnits<>(sent, chosen, plan, folder);
        List<FitUnits.Note> notes = new ArrayList<>();
        Set<Integer> chosenUnits = new HashSet<>();
        if (settings.strategy().usesEigenbasis()) {
            findBases(units, notes, chosenUnits);
        }
        if (settings.strategy().measuresEigenvalues()) {
            for (int group = 0; group < plan.groups().size(); group++) {
                measure(units, group, chosenUnits, examples);
            }
        }
        FactorAssembly<E> assembly = new FactorAssembly<>(
                units, examples, train.rows().getNumPartitions(), chosenUnits, notes, stages.seconds());
        String path = target.toString();
        stages.run("factors", 0, 1, () -> spark.parallelize(List.of(0), 1)
                .map(one -> {
                    assembly.write(Path.of(path));
                    return one;
                })
                .first());
    }

    private void findBases(FitUnits<E> units, List<FitUnits.Note> notes, Set<Integer> chosenUnits) {
        int groups = units.plan().groups().size();
        long positions = 0;
        for (int group = 0; group < groups; group++) {
            List<List<Integer>> all = units.plan().groups().get(group);
            CovarianceSums sums = CovarianceSums.of(settings);
            List<Integer> layers = units.plan().layers(group);
            List<FitUnits.Report> reports = stages.run(CovarianceStage.NAME, group, groups, () -> reduced(
                            CovarianceStage.NAME, units.plan(), layers, unitsOf(layers, all), first(all), sums)
                    .mapPartitions(sorted -> units.decompose(sorted, all, sums))
                    .collect());
            positions += reports.stream().mapToLong(FitUnits.Report::positions).sum();
            reports.forEach(report -> notes.addAll(report.notes()));
            List<List<Integer>> undecided = all.stream()
                    .filter(unit -> reports.stream()
                            .anyMatch(report -> report.unit() == unit.get(0)
                                    && !report.asked().isEmpty()))
                    .toList();
            if (!undecided.isEmpty()) {
                List<Integer> asked = reports.stream()
                        .flatMap(report -> report.asked().stream())
                        .sorted()
                        .toList();
                notes.addAll(choose(units, group, List.copyOf(undecided), asked));
                undecided.forEach(unit -> chosenUnits.add(unit.get(0)));
            }
        }
        if (positions == 0) {
            throw new NumericalException("every position of the data set is masked, in every layer");
        }
    }

    /** One more pass, over the layers whose covariances have equal eigenvalues. */
    private List<FitUnits.Note> choose(
            FitUnits<E> units, int group, List<List<Integer>> undecided, List<Integer> asked) {
        CovarianceSums sums = CovarianceSums.ofGradients(settings);
        return stages.run("eigenspaces", group, units.plan().groups().size(), () -> reduced(
                        "eigenspaces", units.plan(), asked, unitsOf(asked, undecided), first(undecided), sums)
                .mapPartitions(sorted -> units.choose(sorted, undecided))
                .collect()
                .stream()
                .flatMap(report -> report.notes().stream())
                .toList());
    }

    private void measure(FitUnits<E> units, int group, Set<Integer> chosenUnits, long examples) {
        List<Integer> layers = units.plan().layers(group);
        List<Broadcast<SentPiece>> bases = new ArrayList<>();
        List<Integer> unitOf = unitsOf(layers, units.plan().groups().get(group));
        List<Integer> sources = List.copyOf(unitOf.stream().map(layers::indexOf).toList());
        try {
            stages.run(EigenvalueStage.NAME, group, units.plan().groups().size(), () -> {
                for (int l = 0; settings.strategy().usesEigenbasis() && l < layers.size(); l++) {
                    String piece = FitUnits.basis(layers.get(l), chosenUnits.contains(unitOf.get(l)));
                    bases.add(spark.broadcast(SentPiece.read(units.folder(), piece)));
                }
                SquaresSums sums = new SquaresSums(
                        units.folder().token() + " " + group, settings.blocks(), sources, List.copyOf(bases));
                return reduced(EigenvalueStage.NAME, units.plan(), layers, layers, layers, sums)
                        .mapPartitions(sorted -> units.average(sorted, layers, examples))
                        .collect();
            });
        } finally {
            bases.forEach(Broadcast::destroy);
        }
    }

    private JavaPairRDD<SumKey, SumRows> reduced(
            String stage,
            FitPlan plan,
            List<Integer> layers,
            List<Integer> unitOf,
            List<Integer> units,
            FitPass.Sums sums) {
        FitPass<R, E> pass = new FitPass<>(model, train.reader(), settings, plan);
        JavaPairRDD<SumKey, SumRows> parts = JavaPairRDD.fromJavaRDD(train.rows()
                .mapPartitionsWithIndex(
                        (partition, rows) -> pass.run(stage, partition, rows, layers, unitOf, sums), true));
        return Reduction.byUnit(parts, units);
    }

    private static List<Integer> first(List<List<Integer>> units) {
        return List.copyOf(units.stream().map(unit -> unit.get(0)).toList());
    }

    /** For each layer the first layer of its unit. */
    private static List<Integer> unitsOf(List<Integer> layers, List<List<Integer>> units) {
        return List.copyOf(IntStream.range(0, layers.size())
                .map(l -> units.stream()
                        .filter(unit -> unit.contains(layers.get(l)))
                        .findFirst()
                        .orElseThrow()
                        .get(0))
                .boxed()
                .toList());
    }
}
