package io.github.influence4j.ekfac.internal.solve;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.Scale;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleUnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Solves with a curvature that is diagonal in a basis of each layer: V ↦ Q_S[(Q_SᵀV Q_A) ∘ 1/(Λ+λ)]Q_Aᵀ (paper, Eq. 21).
 *
 * <p>A layer whose eigenvalues and damping are all 0, as relative damping is there, is left out: its solutions are 0.
 *
 * <p>Costs 4·i·o(i + o) flops a vector and layer. Owns the reciprocals, borrows the eigenbases of its curvature. Safe for
 * use by several threads.
 */
public final class EigenbasisSolver implements IhvpSolver {

    private static final Logger LOG = LoggerFactory.getLogger(EigenbasisSolver.class);

    private final MatrixBackend backend;
    private final List<LayerCurvature> curvatures;
    private final List<LayerSpec> layers;
    private final List<Optional<Reciprocals>> reciprocals;
    private final LayerDamping damping;
    private final Provenance provenance;
    private BooleanSupplier curvatureClosed = () -> false;
    private volatile boolean closed;

    private EigenbasisSolver(
            MatrixBackend backend,
            List<LayerCurvature> curvatures,
            List<Optional<Reciprocals>> reciprocals,
            LayerDamping damping,
            Provenance provenance) {
        this.backend = backend;
        this.curvatures = curvatures;
        this.layers = curvatures.stream().map(LayerCurvature::layer).toList();
        this.reciprocals = reciprocals;
        this.damping = damping;
        this.provenance = provenance;
    }

    /** Provenance: the layers whose damping is near to what rounding leaves. */
    public static final String DOUBTFUL = "damping near rounding";

    /**
     * Makes a solver.
     *
     * @param backend where the curvature lies
     * @param curvatures the curvature of each layer; borrowed
     * @param damping λ of each layer
     * @param provenance how the curvature was made
     * @return a solver that the caller closes
     * @throws IllegalArgumentException if a layer has no λ
     * @throws NumericalException if Λ+λ is not positive somewhere in a layer that is not 0 everywhere, or nothing but rounding, naming it
     */
    public static EigenbasisSolver of(
            MatrixBackend backend, List<LayerCurvature> curvatures, LayerDamping damping, Provenance provenance) {
        EigenvalueNoise noise = EigenvalueNoise.of(provenance);
        List<Optional<Reciprocals>> reciprocals = new ArrayList<>();
        List<String> doubtful = new ArrayList<>();
        try {
            for (LayerCurvature curvature : curvatures) {
                double lambda = damping.lambda(curvature.layer().name());
                if (curvature.isDead() && lambda == 0) {
                    reciprocals.add(skipped(backend, curvature));
                    continue;
                }
                if (!(curvature.leastEigenvalue() + lambda > 0)) {
                    throw new NumericalException("layer " + curvature.layer().name()
                            + ": the damped curvature is singular (least eigenvalue " + curvature.leastEigenvalue()
                            + ", damping " + lambda + "); use a larger damping");
                }
                noise.require(curvature, lambda);
                if (noise.isDoubtful(curvature, lambda)) {
                    doubtful.add(curvature.layer().name());
                }
                reciprocals.add(curvature
                        .eigenvalues()
                        .map(values -> Reciprocals.of(backend, values, curvature.leastEigenvalue(), lambda)));
            }
            return new EigenbasisSolver(backend, curvatures, reciprocals, damping, noted(provenance, doubtful));
        } catch (RuntimeException | Error e) {
            reciprocals.forEach(r -> r.ifPresent(Reciprocals::close));
            throw e;
        }
    }

    /**
     * Makes a solver that multiplies with f(Λ+λ) in place of the reciprocals.
     *
     * @param backend where the curvature lies
     * @param curvatures the curvature of each layer; borrowed
     * @param function f
     * @param damping λ of each layer
     * @param provenance how the curvature was made
     * @return a solver that the caller closes
     * @throws IllegalArgumentException if a layer has no λ or no eigenvalues
     * @throws NumericalException if f is not finite somewhere, naming the layer
     */
    public static EigenbasisSolver ofFunction(
            MatrixBackend backend,
            List<LayerCurvature> curvatures,
            DoubleUnaryOperator function,
            LayerDamping damping,
            Provenance provenance) {
        List<Optional<Reciprocals>> factors = new ArrayList<>();
        try {
            for (LayerCurvature curvature : curvatures) {
                String layer = curvature.layer().name();
                double lambda = damping.lambda(layer);
                double[][] values = curvature
                        .eigenvalues()
                        .orElseThrow(() -> new IllegalArgumentException(
                                "layer " + layer + ": the identity has no eigenvalues to take a function of"))
                        .toArray();
                for (double[] row : values) {
                    for (int k = 0; k < row.length; k++) {
                        double value = function.applyAsDouble(row[k] + lambda);
                        if (!Double.isFinite(value) && curvature.isDead() && lambda == 0) {
                            value = 0;
                        }
                        if (!Double.isFinite(value)) {
                            throw new NumericalException("layer " + layer + ": the function of the eigenvalue "
                                    + (row[k] + lambda) + " is " + value);
                        }
                        row[k] = value;
                    }
                }
                factors.add(Optional.of(Reciprocals.of(backend, values)));
            }
            return new EigenbasisSolver(backend, curvatures, factors, damping, provenance);
        } catch (RuntimeException | Error e) {
            factors.forEach(f -> f.ifPresent(Reciprocals::close));
            throw e;
        }
    }

    private static Provenance noted(Provenance provenance, List<String> doubtful) {
        if (doubtful.isEmpty()) {
            return provenance;
        }
        LOG.warn(
                "in {} layers, such as {}, the damping is so near to what rounding leaves of the largest eigenvalue that scores may be"
                        + " off by one in a hundred; use a larger one, or float64 (the provenance names all)",
                doubtful.size(),
                doubtful.get(0));
        return provenance.withOption(DOUBTFUL, doubtful.toString());
    }

    /** In place of 1/(0 + 0): the pseudoinverse. */
    private static Optional<Reciprocals> skipped(MatrixBackend backend, LayerCurvature curvature) {
        LOG.warn(
                "layer {}: every eigenvalue is 0 and so is the damping; its part of every score is 0",
                curvature.layer().name());
        return curvature
                .eigenvalues()
                .map(values -> new Reciprocals(backend.zeros(values.rows(), values.columns()), 0));
    }

    /** Tells who owns the eigenbases, so that nothing is asked of them afterwards. */
    EigenbasisSolver whileOpen(BooleanSupplier owner) {
        curvatureClosed = owner;
        return this;
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Returns the basis of a layer in which the curvature is diagonal.
     *
     * @param layer index of the layer
     * @return empty where it is the parameters' own coordinates
     */
    public Optional<LayerEigenbasis> basis(int layer) {
        requireOpen();
        return curvatures.get(layer).basis();
    }

    /**
     * Returns 1/(Λ+λ) of a layer in its basis.
     *
     * @param layer index of the layer
     * @return [o, i] in the working precision, owned by this solver; empty for the identity
     * @throws IllegalStateException if the solver or its curvature is closed
     */
    public Optional<Reciprocals> reciprocals(int layer) {
        requireOpen();
        return reciprocals.get(layer);
    }

    /**
     * Returns the exponent of what {@link #divide} and {@link #solveInPlace} give.
     *
     * @param layer index of the layer
     * @return e, where they give 2^e times the solutions
     */
    public int exponent(int layer) {
        return reciprocals(layer).map(Reciprocals::exponent).orElse(0);
    }

    /**
     * Solves for a stack of gradients of one layer, in place, up to the power of two of {@link #exponent}.
     *
     * @param layer index of the layer
     * @param count number of gradients
     * @param gradients [count·o, i] in the working precision, packed; overwritten by the solutions
     * @param scratch memory for one such stack
     */
    public void solveInPlace(int layer, int count, BackendMatrix gradients, Scratch scratch) {
        if (rotates(layer)) {
            rotate(count, gradients, basis(layer).orElseThrow(), scratch, false);
        }
        divide(layer, count, gradients);
        rotateBack(layer, count, gradients, scratch);
    }

    /**
     * Divides gradients in eigenbasis coordinates by Λ+λ, V ↦ V ∘ 1/(Λ+λ), up to the power of two of {@link #exponent}: after it
     * only {@link #rotateBack} is missing to the solution.
     *
     * @param layer index of the layer
     * @param count number of gradients
     * @param gradients [count·o, i] in the working precision, packed; overwritten
     */
    public void divide(int layer, int count, BackendMatrix gradients) {
        reciprocals(layer).map(Reciprocals::values).ifPresent(reciprocal -> {
            for (int q = 0; q < count; q++) {
                BackendMatrix one = gradients.rows(q * reciprocal.rows(), reciprocal.rows());
                backend.multiplyElements(one, reciprocal, one);
            }
        });
    }

    /**
     * Rotates solutions out of the eigenbasis, V ↦ Q_S V Q_Aᵀ.
     *
     * @param layer index of the layer
     * @param count number of gradients
     * @param gradients [count·o, i] in the working precision, packed; overwritten
     * @param scratch memory for one such stack
     */
    public void rotateBack(int layer, int count, BackendMatrix gradients, Scratch scratch) {
        if (reciprocals(layer).isPresent()) {
            basis(layer).ifPresent(b -> rotate(count, gradients, b, scratch, true));
        }
    }

    /**
     * Rotates the factors of V = L R out of the eigenbasis, L ↦ Q_S L and R ↦ R Q_Aᵀ: for factors of rank r this needs
     * 2r(i² + o²) flops instead of the 2i·o(i + o) of {@link #rotateBack}.
     *
     * @param layer index of the layer
     * @param left Lᵀ of any number of matrices, one under the other, [k, o], packed; overwritten
     * @param right R of as many, [k, i], packed; overwritten
     * @param scratch memory for the larger of the two
     */
    public void rotateFactorsBack(int layer, BackendMatrix left, BackendMatrix right, Scratch scratch) {
        if (reciprocals(layer).isPresent()) {
            basis(layer).ifPresent(b -> {
                rotateRowsBack(left, b.gradientVectors(), scratch);
                rotateRowsBack(right, b.activationVectors(), scratch);
            });
        }
    }

    /**
     * Says whether eigenbasis coordinates of a layer differ from the parameters' own.
     *
     * @param layer index of the layer
     * @return false for the identity and the diagonal
     */
    public boolean rotates(int layer) {
        return reciprocals(layer).isPresent() && basis(layer).isPresent();
    }

    private void rotateRowsBack(BackendMatrix rows, BlockDiagonal vectors, Scratch scratch) {
        BackendMatrix rotated = scratch.take(rows.rows(), rows.columns());
        vectors.multiplyRows(backend, rows, true, rotated);
        backend.upload(rotated, rows);
    }

    /** V ↦ Q_SᵀV Q_A, or back, V ↦ Q_S V Q_Aᵀ. */
    private void rotate(int count, BackendMatrix gradients, LayerEigenbasis basis, Scratch scratch, boolean back) {
        BackendMatrix half = scratch.take(gradients.rows(), gradients.columns());
        basis.activationVectors().multiplyRows(backend, gradients, back, half);
        basis.gradientVectors().multiplyStack(backend, count, half, !back, gradients);
    }

    @Override
    public LayerGradients solve(LayerGradients vector) {
        return solveAll(List.of(vector)).get(0);
    }

    /** {@inheritDoc} All rotations of a layer are one product; takes memory for two vectors of that layer each. */
    @Override
    public List<LayerGradients> solveAll(List<LayerGradients> vectors) {
        vectors.forEach(vector -> vector.requireLayers(layers));
        List<List<Matrix>> solved = vectors.stream()
                .map(vector -> (List<Matrix>) new ArrayList<Matrix>())
                .toList();
        try (Scratch memory = new Scratch(backend);
                Scratch half = new Scratch(backend)) {
            for (int l = 0; l < layers.size() && !vectors.isEmpty(); l++) {
                LayerSpec layer = layers.get(l);
                int rows = layer.outputs();
                BackendMatrix stacked = memory.take(vectors.size() * rows, layer.gradientColumns());
                int[] exponents = new int[vectors.size()];
                for (int q = 0; q < vectors.size(); q++) {
                    Matrix vector = vectors.get(q).layer(layer.name());
                    exponents[q] = Scale.exponent(backend.precision(), vector);
                    backend.upload(Scale.times(vector, exponents[q]), stacked.rows(q * rows, rows));
                }
                solveInPlace(l, vectors.size(), stacked, half);
                for (int q = 0; q < vectors.size(); q++) {
                    double[][] part = stacked.rows(q * rows, rows).toArray();
                    for (double[] row : part) {
                        Scale.multiply(row, row.length, -(exponents[q] + exponent(l)));
                    }
                    solved.get(q).add(Matrix.of(finite(layer, part)));
                }
            }
        }
        return solved.stream().map(parts -> LayerGradients.of(layers, parts)).toList();
    }

    private static double[][] finite(LayerSpec layer, double[][] rows) {
        for (double[] row : rows) {
            for (double value : row) {
                if (!Double.isFinite(value)) {
                    throw new NumericalException("layer " + layer.name() + ": the solution holds " + value
                            + "; the vector to solve for must be finite");
                }
            }
        }
        return rows;
    }

    @Override
    public LayerDamping damping() {
        return damping;
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    @Override
    public OptionalDouble heldBytes(int rightHandSides) {
        return OptionalDouble.of(LayerCurvature.heldBytes(curvatures));
    }

    /** Says for a person what is solved with. */
    @Override
    public String toString() {
        return "solver of " + provenance.options().getOrDefault("strategy", "curvature") + " for " + layers.size()
                + " layers, damping " + damping.lambdas() + (closed ? ", closed" : "");
    }

    private void requireOpen() {
        if (closed || curvatureClosed.getAsBoolean()) {
            throw new IllegalStateException("the " + (closed ? "solver" : "curvature of the solver")
                    + " is closed; solve and score before it is");
        }
    }

    @Override
    public void close() {
        closed = true;
        reciprocals.forEach(r -> r.ifPresent(Reciprocals::close));
    }
}
