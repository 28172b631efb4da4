package io.github.influence4j.ekfac.internal.solve;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A fitted curvature that is diagonal in a known basis of each layer.
 *
 * <p>Owns the eigenbases and eigenvalues, so it is closed after the solvers made from it. Safe for use by several threads.
 */
public final class EigenbasisCurvature implements Curvature {

    private final MatrixBackend backend;
    private final List<LayerCurvature> curvatures;
    private final List<LayerSpec> layers;
    private final Provenance provenance;
    private volatile boolean closed;

    private EigenbasisCurvature(MatrixBackend backend, List<LayerCurvature> curvatures, Provenance provenance) {
        this.backend = backend;
        this.curvatures = List.copyOf(curvatures);
        this.layers = curvatures.stream().map(LayerCurvature::layer).toList();
        this.provenance = provenance;
    }

    /**
     * Puts a curvature together from its parts, such as factors read from files.
     *
     * @param backend where the parts lie; must stay open as long as the curvature
     * @param curvatures one part for each layer, in the model's order; owned by the result
     * @param provenance how the parts were made
     * @return the curvature, which the caller closes
     */
    public static EigenbasisCurvature of(
            MatrixBackend backend, List<LayerCurvature> curvatures, Provenance provenance) {
        return new EigenbasisCurvature(backend, curvatures, provenance);
    }

    /**
     * Takes a curvature for what it is.
     *
     * @param curvature any
     * @return the same
     * @throws IllegalArgumentException if it is not diagonal in a basis of each layer
     */
    public static EigenbasisCurvature require(Curvature curvature) {
        if (curvature instanceof EigenbasisCurvature diagonal) {
            return diagonal;
        }
        throw new IllegalArgumentException("only what Ekfac fits can be kept in files, found " + curvature);
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Returns the parts of the curvature, for inspection.
     *
     * @return one part for each layer, still owned by this object
     */
    public List<LayerCurvature> layerCurvatures() {
        return curvatures;
    }

    @Override
    public LayerDamping resolve(Damping damping) {
        return LayerDamping.of(
                layers,
                layer -> damping.resolve(curvatures.get(layers.indexOf(layer)).meanEigenvalue()));
    }

    @Override
    public EigenbasisSolver solver(LayerDamping damping) {
        requireOpen();
        return EigenbasisSolver.of(
                        backend,
                        curvatures,
                        damping,
                        provenance.withOption("damping", damping.lambdas().toString()))
                .whileOpen(() -> closed);
    }

    @Override
    public EigenbasisSolver solver(Damping damping) {
        return solver(resolve(damping));
    }

    /**
     * Makes a solver that multiplies with another function of the curvature than its inverse, V ↦ Q_S[(Q_SᵀV Q_A) ∘ f(Λ+λ)]Q_Aᵀ.
     *
     * @param function f
     * @param damping λ by layer
     * @return a solver that the caller closes, before this curvature
     * @throws IllegalArgumentException if a layer has no λ, or the strategy has no eigenvalues
     * @throws io.github.influence4j.api.NumericalException if f is not finite somewhere, naming the layer
     */
    public EigenbasisSolver function(DoubleUnaryOperator function, LayerDamping damping) {
        requireOpen();
        return EigenbasisSolver.ofFunction(
                        backend,
                        curvatures,
                        function,
                        damping,
                        provenance.withOption("damping", damping.lambdas().toString()))
                .whileOpen(() -> closed);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the curvature is closed; make solvers before it is");
        }
    }

    /** Says for a person what was fitted. */
    @Override
    public String toString() {
        return provenance.options().getOrDefault("strategy", "curvature") + " of " + layers.size() + " layers on "
                + provenance.backend() + (closed ? ", closed" : "");
    }

    /**
     * Returns what this keeps in memory: eigenvectors and eigenvalues.
     *
     * @return bytes
     */
    public double heldBytes() {
        return LayerCurvature.heldBytes(curvatures);
    }

    /**
     * Adds an option to the provenance.
     *
     * @param name its name
     * @param value its value
     * @return the same curvature with the same parts: close one of the two
     */
    public EigenbasisCurvature withOption(String name, String value) {
        return new EigenbasisCurvature(backend, curvatures, provenance.withOption(name, value));
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    @Override
    public void close() {
        closed = true;
        curvatures.forEach(LayerCurvature::close);
    }
}
