package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the factors of a fit take, in bytes, stage by stage. Captures and the workspace of single batches come on top.
 *
 * <p>With c = Σ_k i_k² + Σ_k o_k² over the diagonal blocks ((i² + o²)/O where O divides), b bytes a number in the working
 * precision and m the order of a block: covariances take 8c (12c while float32 products of more than {@link
 * RunningSum#BLOCK_ROWS} rows are added to them), the decomposition of a block 24m² beside them, eigenvectors b·c,
 * eigenvalues 8·o·i (12·o·i likewise).
 *
 * @param precision the working precision
 * @param strategy what is fitted
 * @param blocks O, diagonal blocks of each covariance
 * @param shared layers that read the same input: those that are fitted together have A and its eigenvectors once. None for a
 *     strategy whose A is of each layer's own gradients, or that has no A
 */
public record FactorMemory(Precision precision, Strategy strategy, int blocks, SharedInputs shared) {

    /** Leaves out what the strategy does not share. */
    public FactorMemory {
        boolean shares =
                strategy.usesEigenbasis() && CovarianceStage.Basis.of(strategy) == CovarianceStage.Basis.POSITIONS;
        shared = shares ? shared : SharedInputs.none();
    }

    /**
     * Counts layers that share no inputs.
     *
     * @param precision the working precision
     * @param strategy what is fitted
     * @param blocks O, diagonal blocks of each covariance
     */
    public FactorMemory(Precision precision, Strategy strategy, int blocks) {
        this(precision, strategy, blocks, SharedInputs.none());
    }

    /** A float64 result, LAPACK's 2m² numbers of workspace. */
    private static final double DECOMPOSITION_BYTES = 24;

    /**
     * Returns what a finished layer keeps: eigenvectors and eigenvalues.
     *
     * @param layer the layer
     * @return bytes
     */
    public double keptBytes(LayerSpec layer) {
        return keptBytes(List.of(layer));
    }

    /**
     * Returns what finished layers keep that were fitted together.
     *
     * @param layers the layers of one group
     * @return bytes
     */
    public double keptBytes(List<LayerSpec> layers) {
        double values = strategy == Strategy.IDENTITY ? 0 : sum(layers, layer -> 8.0 * layer.parameters());
        return vectorBytes(layers) + values;
    }

    /**
     * Returns the most that layers which are fitted together take at any time, their finished factors included.
     *
     * @param layers the layers of one group, in the order in which they are decomposed
     * @return bytes
     */
    public double peakBytes(List<LayerSpec> layers) {
        return Math.max(
                Math.max(covarianceBytes(layers, true), decompositionBytes(layers)),
                Math.max(eigenvalueBytes(layers, true), keptBytes(layers)));
    }

    /**
     * Returns the most that the covariance pass over some layers takes.
     *
     * @param layers the layers of one group
     * @param longSums whether more than {@link RunningSum#BLOCK_ROWS} rows are added up, or may be
     * @return bytes; 0 where the strategy has no covariances
     */
    public double covarianceBytes(List<LayerSpec> layers, boolean longSums) {
        if (!strategy.usesEigenbasis()) {
            return 0;
        }
        double largest = layers.stream()
                .mapToDouble(layer -> Math.pow(largestBlock(layer), 2))
                .max()
                .orElse(0);
        // the mean of a short sum is made beside its float32 products, that of a long one in its place
        double beside = longSums ? 0 : productBytes();
        return sumBytes(longSums) * covarianceNumbers(layers) + beside * largest;
    }

    /**
     * Returns the most that the decompositions of some layers take, one after the other, each freeing its covariances.
     *
     * @param layers the layers of one group, in the order in which they are decomposed
     * @return bytes; 0 where the strategy has no eigenbasis
     */
    public double decompositionBytes(List<LayerSpec> layers) {
        if (!strategy.usesEigenbasis()) {
            return 0;
        }
        double covariances = 8.0 * covarianceNumbers(layers);
        double vectors = 0;
        double peak = 0;
        int[] sources = shared.sources(layers);
        for (int l = 0; l < sources.length; l++) {
            LayerSpec layer = layers.get(l);
            boolean ownInput = sources[l] == l;
            peak = Math.max(peak, covariances + vectors + blockPeakBytes(layer, ownInput));
            long numbers = ownInput ? covarianceNumbers(layer) : gradientNumbers(layer);
            vectors += (double) precision.bytes() * numbers;
            covariances -= 8.0 * numbers;
        }
        return peak;
    }

    /** The most that the blocks of one layer take beside the covariances, decomposed one after the other. */
    private double blockPeakBytes(LayerSpec layer, boolean ownInput) {
        double vectors = 0;
        double peak = 0;
        int[] both = {layer.gradientColumns(), layer.outputs()};
        for (int order : ownInput ? both : new int[] {layer.outputs()}) {
            for (int size : BlockDiagonal.sizes(order, blocks)) {
                double numbers = (double) size * size;
                peak = Math.max(peak, vectors + DECOMPOSITION_BYTES * numbers);
                vectors += precision.bytes() * numbers;
            }
        }
        return Math.max(peak, vectors);
    }

    /**
     * Returns the most that the eigenvalue pass over some layers takes, their eigenvectors included.
     *
     * @param layers the layers of one group
     * @param longSums whether more than {@link RunningSum#BLOCK_ROWS} rows are added up, or may be
     * @return bytes; 0 where the strategy measures none
     */
    public double eigenvalueBytes(List<LayerSpec> layers, boolean longSums) {
        if (!strategy.measuresEigenvalues()) {
            return 0;
        }
        double largest =
                layers.stream().mapToDouble(LayerSpec::parameters).max().orElse(0);
        double beside = Double.BYTES - productBytes();
        return vectorBytes(layers) + sum(layers, layer -> sumBytes(longSums) * layer.parameters()) + beside * largest;
    }

    /**
     * Returns the order of a layer's largest diagonal block.
     *
     * @param layer the layer
     * @return ⌈max(i, o)/O⌉
     */
    public int largestBlock(LayerSpec layer) {
        return BlockDiagonal.sizes(Math.max(layer.gradientColumns(), layer.outputs()), blocks)[0];
    }

    /**
     * Counts the numbers of a layer's covariances.
     *
     * @param layer the layer
     * @return c = Σ_k i_k² + Σ_k o_k²
     */
    public long covarianceNumbers(LayerSpec layer) {
        return BlockDiagonal.numbers(layer.gradientColumns(), blocks) + gradientNumbers(layer);
    }

    private long gradientNumbers(LayerSpec layer) {
        return BlockDiagonal.numbers(layer.outputs(), blocks);
    }

    /**
     * Counts the numbers of the covariances of layers that are fitted together.
     *
     * @param layers the layers of one group
     * @return Σ c, with an A of several layers once
     */
    public double covarianceNumbers(List<LayerSpec> layers) {
        int[] sources = shared.sources(layers);
        double numbers = 0;
        for (int l = 0; l < sources.length; l++) {
            numbers += sources[l] == l ? covarianceNumbers(layers.get(l)) : gradientNumbers(layers.get(l));
        }
        return numbers;
    }

    /**
     * Finds the layers that take A and Q_A from a layer before them.
     *
     * @param layers the layers of one group
     * @return those that read the input of an earlier one
     */
    public List<LayerSpec> borrowing(List<LayerSpec> layers) {
        int[] sources = shared.sources(layers);
        return IntStream.range(0, sources.length)
                .filter(l -> sources[l] != l)
                .mapToObj(layers::get)
                .toList();
    }

    private double vectorBytes(List<LayerSpec> layers) {
        return strategy.usesEigenbasis() ? precision.bytes() * covarianceNumbers(layers) : 0;
    }

    /** Of a number in {@link RunningSum}, in the end. */
    private double sumBytes(boolean longSums) {
        return Double.BYTES + (longSums ? productBytes() : 0);
    }

    private int productBytes() {
        return precision == Precision.FLOAT32 ? Float.BYTES : 0;
    }

    private static double sum(List<LayerSpec> layers, ToDoubleFunction<LayerSpec> bytes) {
        return layers.stream().mapToDouble(bytes).sum();
    }
}
