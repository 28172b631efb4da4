package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import java.util.List;
import java.util.stream.Collectors;

/** A diagonal block of G over consecutive layers, in one of the two forms. */
interface GaussNewtonBlock extends AutoCloseable {

    /** The layers, in the model's order. */
    List<LayerSpec> layers();

    /** The form in words, for the provenance. */
    String form();

    /**
     * Takes one layer of one batch for one column of the output Hessian's root.
     *
     * @param index index of the layer in this block
     */
    void accept(int index, int firstExample, int column, UploadedCapture capture);

    /** Ends a batch of one column: every layer has come. */
    void endColumn(int examples);

    /** Ends the data set. */
    void finish();

    /** Bytes of the block and one of its solvers, without what is taken only while something is computed. */
    double heldBytes();

    /** Trace of the part of G that belongs to a layer. */
    double trace(int index);

    /**
     * Factorises the damped block.
     *
     * @throws IllegalArgumentException if a layer has no λ, or one that the form cannot use
     * @throws io.github.influence4j.api.NumericalException if the damped block is singular
     */
    BlockSolver solver(LayerDamping damping);

    /** Writes the block, symmetric and without damping, into G at a row and column. */
    void copyTo(double[][] matrix, int offset);

    @Override
    void close();

    /** Number of parameters of some layers. */
    static long parameters(List<LayerSpec> layers) {
        return layers.stream().mapToLong(LayerSpec::parameters).sum();
    }

    /** The λ of some layers in words, for errors. */
    static String inWords(List<LayerSpec> layers, LayerDamping damping) {
        return layers.stream()
                .map(layer -> layer.name() + " " + damping.lambda(layer.name()))
                .collect(Collectors.joining(", ", "damping ", ""));
    }
}
