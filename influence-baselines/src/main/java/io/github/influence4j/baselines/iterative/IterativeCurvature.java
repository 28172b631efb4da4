package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The Gauss-Newton matrix of a model over a data set, held as the two themselves, waiting for a damping.
 *
 * <p>Owns nothing. A relative damping is a multiple of mean eigenvalues, which products do not show: it is taken from the
 * curvature that preconditions, where there is one, and refused otherwise.
 */
public final class IterativeCurvature implements Curvature {

    private final List<LayerSpec> layers;
    private final Optional<Curvature> preconditioner;
    private final Provenance provenance;
    private final Function<LayerDamping, IterativeSolver.Iteration> iterations;

    private IterativeCurvature(
            List<LayerSpec> layers,
            Optional<Curvature> preconditioner,
            Provenance provenance,
            Function<LayerDamping, IterativeSolver.Iteration> iterations) {
        this.layers = layers;
        this.preconditioner = preconditioner;
        this.provenance = provenance;
        this.iterations = iterations;
    }

    static <E> IterativeCurvature of(
            String method,
            String options,
            CurvatureProduct<E> model,
            ExampleSource<E> data,
            Optional<Curvature> preconditioner,
            Function<LayerDamping, IterativeSolver.Iteration> iterations) {
        List<LayerSpec> layers = List.copyOf(model.layers());
        if (layers.isEmpty()) {
            throw new IllegalArgumentException(method + ": the model tracks no layers");
        }
        Set<String> names = new HashSet<>();
        layers.forEach(layer -> {
            if (!names.add(layer.name())) {
                throw new IllegalArgumentException(method + ": the model has two layers named " + layer.name());
            }
        });
        if (data.size() == 0) {
            throw new IllegalArgumentException(method + ": the data set is empty");
        }
        preconditioner.ifPresent(curvature -> requireLayers(method, curvature, layers));
        Provenance provenance = Provenance.here("products of the model", Precision.FLOAT64, model.fingerprint())
                .withOption("strategy", method)
                .withOption("options", options)
                .withOption(
                        "preconditioner",
                        preconditioner
                                .map(curvature ->
                                        curvature.provenance().options().toString())
                                .orElse("none"))
                .withCount("examples", data.size())
                .withCount("parameters", Vectors.parameters(layers));
        return new IterativeCurvature(layers, preconditioner, provenance, iterations);
    }

    /** Refuses a preconditioner of other layers than the model's. */
    static void requireLayers(String method, Curvature preconditioner, List<LayerSpec> layers) {
        if (!preconditioner.layers().equals(layers)) {
            throw new IllegalArgumentException(method + ": the preconditioner is a curvature of other layers, "
                    + preconditioner.layers() + ", the model has " + layers);
        }
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the damping is relative and nothing preconditions
     */
    @Override
    public LayerDamping resolve(Damping damping) {
        if (damping.kind() == Damping.Kind.ABSOLUTE) {
            return LayerDamping.of(layers, layer -> damping.value());
        }
        return preconditioner
                .map(curvature -> curvature.resolve(damping))
                .orElseThrow(() -> new IllegalArgumentException("damping " + damping
                        + " is relative to eigenvalues, which this solver does not know; resolve it with a fitted"
                        + " curvature, and give the result to all solvers that are compared"));
    }

    @Override
    public IterativeSolver solver(LayerDamping damping) {
        Provenance made = provenance.withOption("damping", damping.lambdas().toString());
        return new IterativeSolver(layers, damping, made, iterations.apply(damping));
    }

    @Override
    public IterativeSolver solver(Damping damping) {
        return solver(resolve(damping));
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    /** Does nothing: model, data set and preconditioner belong to others. */
    @Override
    public void close() {}
}
