package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Provenance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An exact Gauss-Newton matrix, or its layers' diagonal blocks, waiting for a damping.
 *
 * <p>A relative damping is a multiple of the mean eigenvalue of the layer's block, which is its trace divided by the
 * layer's parameters. Close it after the solvers made from it; safe for use by several threads.
 */
public final class ExactCurvature implements Curvature {

    /** The most parameters for which {@link #explicitMatrix()} is given: 800 MB of numbers. */
    public static final int MAX_EXPLICIT_PARAMETERS = 10_000;

    private final List<LayerSpec> layers;
    private final List<GaussNewtonBlock> blocks;
    private final Provenance provenance;

    ExactCurvature(List<LayerSpec> layers, List<GaussNewtonBlock> blocks, Provenance provenance) {
        this.layers = layers;
        this.blocks = blocks;
        this.provenance = provenance;
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public LayerDamping resolve(Damping damping) {
        if (damping.kind() == Damping.Kind.ABSOLUTE) {
            return LayerDamping.of(layers, layer -> damping.value());
        }
        return LayerDamping.of(layers, layer -> damping.resolve(meanEigenvalue(layer)));
    }

    private double meanEigenvalue(LayerSpec layer) {
        for (GaussNewtonBlock block : blocks) {
            int index = block.layers().indexOf(layer);
            if (index >= 0) {
                return block.trace(index) / layer.parameters();
            }
        }
        throw new IllegalArgumentException("no layer " + layer.name());
    }

    /**
     * {@inheritDoc}
     *
     * <p>Factorises: D³/3 flops in the explicit form; in the dual form the Gram matrix is formed too.
     *
     * @throws IllegalArgumentException also if λ is 0 where the dual form is used
     */
    @Override
    public ExactSolver solver(LayerDamping damping) {
        long start = System.nanoTime();
        List<BlockSolver> solvers = new ArrayList<>();
        try {
            for (GaussNewtonBlock block : blocks) {
                solvers.add(block.solver(damping));
            }
        } catch (RuntimeException | Error e) {
            solvers.forEach(BlockSolver::close);
            throw e;
        }
        Duration duration = Duration.ofNanos(System.nanoTime() - start);
        Provenance made =
                provenance.withOption("damping", damping.lambdas().toString()).withDuration("factorisation", duration);
        return new ExactSolver(layers, blocks, solvers, damping, made);
    }

    @Override
    public ExactSolver solver(Damping damping) {
        return solver(resolve(damping));
    }

    /**
     * Returns what this and one solver made from it keep in memory: the factor, and what it is formed from.
     *
     * @return bytes
     */
    public double heldBytes() {
        return blocks.stream().mapToDouble(GaussNewtonBlock::heldBytes).sum();
    }

    /**
     * Returns G itself, without damping: layer after layer, each layer's [o, i] row-major, as in the flat form of {@link
     * io.github.influence4j.api.LayerGradients}. For tests and for looking at; costs 8·D² bytes on the heap, and N·C·D²
     * flops where the dual form was fitted.
     *
     * @return [D, D]; 0 outside the layers' diagonal blocks where only these were fitted
     * @throws IllegalArgumentException if there are more than {@value #MAX_EXPLICIT_PARAMETERS} parameters
     */
    public Matrix explicitMatrix() {
        long parameters = GaussNewtonBlock.parameters(layers);
        if (parameters > MAX_EXPLICIT_PARAMETERS) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "the explicit Gauss-Newton matrix of D = %,d parameters has %,d numbers; the limit is D = %,d",
                    parameters,
                    parameters * parameters,
                    MAX_EXPLICIT_PARAMETERS));
        }
        double[][] matrix = new double[(int) parameters][(int) parameters];
        int offset = 0;
        for (GaussNewtonBlock block : blocks) {
            block.copyTo(matrix, offset);
            offset += (int) GaussNewtonBlock.parameters(block.layers());
        }
        return Matrix.of(matrix);
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    @Override
    public void close() {
        blocks.forEach(GaussNewtonBlock::close);
    }
}
