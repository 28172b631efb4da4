package io.github.influence4j.store.runs;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.factor.FactorGroups;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.SolverGroups;
import io.github.influence4j.ekfac.internal.score.SomeLayers;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.factors.FactorManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * The layers of a scoring run, in groups whose factors take at most half of the memory and are loaded one after the other;
 * preconditioned queries of all layers get a quarter.
 */
final class ScoreGroups<E> implements SolverGroups {

    private static final String DOUBTFUL = "doubtful";
    private static final String LAMBDAS = "lambdas";
    private static final String RESIDUAL = "residual";

    private final ScoreRun<E> run;
    private final GradientProvider<E> model;
    private final Progress kept;
    private final ScoreOptions options;
    private final List<List<LayerSpec>> groups;

    ScoreGroups(ScoreRun<E> run, GradientProvider<E> model, Progress kept) {
        this.run = run;
        this.model = model;
        this.kept = kept;
        long limit = Long.parseLong(kept.chosen("memory limit"));
        this.options = run.options().withMemoryLimit(Math.max(1, limit / 4));
        // iterations need all layers at once
        this.groups = run.refinement().isPresent() ? List.of(layers()) : group(run, limit / 2);
    }

    private static List<List<LayerSpec>> group(ScoreRun<?> run, double limit) {
        FactorManifest manifest = run.factors().manifest();
        FactorMemory memory = new FactorMemory(
                run.backend().precision(),
                manifest.strategy(),
                manifest.blocks(),
                SharedInputs.of(manifest.sharedInputs(), manifest.layers()));
        return FactorGroups.of(manifest.layers(), memory, limit);
    }

    int count() {
        return groups.size();
    }

    ScoreOptions options() {
        return options;
    }

    List<LayerSpec> layers() {
        return run.factors().manifest().layers();
    }

    /** Scores at some layers; batches inside a unit are not worth a line each. */
    InfluenceScorer<E> scorer(List<LayerSpec> layers) {
        ProgressListener queries = (stage, done, total) -> {
            if (stage.equals("queries")) {
                run.progress().progress(stage, done, total);
            }
        };
        return new InfluenceScorer<>(run.backend(), new SomeLayers<>(model, layers), options, queries);
    }

    @Override
    public List<List<LayerSpec>> groups() {
        return groups;
    }

    @Override
    public void with(int group, Consumer<IhvpSolver> work) {
        try (Curvature factors = run.factors().load(run.backend(), groups.get(group))) {
            LayerDamping damping = factors.resolve(run.damping());
            try (IhvpSolver solver = run.refinement()
                    .map(refinement -> refinement.method().of(factors, new RefinementStates(kept)))
                    .orElse(factors)
                    .solver(damping)) {
                keepLambdas(group, damping, solver.provenance());
                work.accept(solver);
                keepResidual(solver.provenance());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The largest of this and of what was solved before the run was ended and taken up. */
    private void keepResidual(Provenance solved) throws IOException {
        String text = solved.options().get(IhvpSolver.LARGEST_RESIDUAL);
        if (text == null) {
            return;
        }
        double largest = Math.max(Double.parseDouble(text), residual().orElse(0));
        kept.finish(
                RESIDUAL,
                kept.units(RESIDUAL) + 1,
                List.of(TensorSpec.of(RESIDUAL, TensorType.F64, 1, 1)),
                file -> file.append(RESIDUAL, Matrix.of(new double[] {largest}, 1, 1)));
    }

    private OptionalDouble residual() throws IOException {
        if (kept.find(RESIDUAL).isEmpty()) {
            return OptionalDouble.empty();
        }
        try (SafetensorsFile file = kept.open(RESIDUAL)) {
            double[] value = new double[1];
            file.read(RESIDUAL, 0, 1, value, 0);
            return OptionalDouble.of(value[0]);
        }
    }

    @Override
    public Provenance provenance() {
        return run.factors().manifest().provenance();
    }

    private void keepLambdas(int group, LayerDamping damping, Provenance solved) throws IOException {
        if (kept.find(LAMBDAS + "-" + group).isPresent()) {
            return;
        }
        double[] lambdas = groups.get(group).stream()
                .mapToDouble(layer -> damping.lambda(layer.name()))
                .toArray();
        kept.finish(
                LAMBDAS + "-" + group,
                1,
                List.of(TensorSpec.of(LAMBDAS, TensorType.F64, lambdas.length, 1)),
                Map.of(DOUBTFUL, solved.options().getOrDefault(EigenbasisSolver.DOUBTFUL, "")),
                file -> file.append(LAMBDAS, Matrix.of(lambdas, lambdas.length, 1)));
    }

    /** How the scores of all groups were made. */
    Provenance provenance(String digest, long examples) throws IOException {
        Map<String, Double> lambdas = new LinkedHashMap<>();
        List<String> doubtful = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            try (SafetensorsFile file = kept.open(LAMBDAS + "-" + g)) {
                double[] values = new double[groups.get(g).size()];
                file.read(LAMBDAS, 0, values.length, values, 0);
                for (int l = 0; l < values.length; l++) {
                    lambdas.put(groups.get(g).get(l).name(), values[l]);
                }
                Optional.ofNullable(file.metadata().get(DOUBTFUL))
                        .filter(layers -> !layers.isEmpty())
                        .ifPresent(doubtful::add);
            }
        }
        Provenance made = doubtful.isEmpty()
                ? provenance()
                : provenance().withOption(EigenbasisSolver.DOUBTFUL, String.join(" ", doubtful));
        OptionalDouble residual = residual();
        if (residual.isPresent()) {
            made = made.withOption(IhvpSolver.LARGEST_RESIDUAL, Double.toString(residual.getAsDouble()));
        }
        if (run.refinement().isPresent()) {
            made = made.withOption("refinement", run.refinement().get().description());
        }
        return made.withOption("damping", lambdas.toString())
                .withOption("damping rule", run.damping().toString())
                .withOption("run", digest)
                .withCount("training examples", examples)
                .withCount("training set", run.train().wholeSize())
                .withCount(
                        "weights",
                        layers().stream().mapToLong(LayerSpec::parameters).sum())
                .withCount("layer groups of scores", groups.size());
    }
}
