package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the factors of a fit take, in bytes, stage by stage. Captures and the workspace of single batches come on top.
 *
 * <p>With c = Σ_k i_k² + Σ_k o_k² over the diagonal blocks ((i² + o²)/O where O divides), b bytes a number in the working
 * precision and m the order of a block: covariances take 8c (12c while float32 products of more than {@link
 * RunningSum#BLOCK_ROWS} rows are added to them, which those of narrow blocks are not; counted where all are added up in float64
 * too), the decomposition of a block 24m² beside them, eigenvectors b·c, eigenvalues 8·o·i (12·o·i likewise).
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

    /** Largest order that is decomposed on one core. */
    private static final int ONE_CORE_ORDER = 2048;

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
     * @param layers the layers of one group
     * @return bytes
     */
    public double peakBytes(List<LayerSpec> layers) {
        return Math.max(
                Math.max(covarianceBytes(layers, true), decompositionBytes(layers, 1)),
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
        double products = productBytes() * (longSums ? wideNumbers(layers) : largest);
        return Double.BYTES * covarianceNumbers(layers) + products + widenedBytes(layers);
    }

    /**
     * Tells whether a float32 fit adds up the products of a block of a covariance in float64 without being asked to.
     *
     * @param order of the block
     * @return whether it is narrow, and the fit's precision float32
     */
    public boolean widens(int order) {
        return precision == Precision.FLOAT32 && BlockSum.isNarrow(order);
    }

    /** Of rows in float64, where a float32 fit has narrow blocks. */
    private double widenedBytes(List<LayerSpec> layers) {
        if (precision == Precision.FLOAT64) {
            return 0;
        }
        return layers.stream()
                .flatMapToInt(layer -> IntStream.of(layer.gradientColumns(), layer.outputs()))
                .flatMap(order -> Arrays.stream(BlockDiagonal.sizes(order, blocks)))
                .filter(BlockSum::isNarrow)
                .mapToDouble(size -> (double) Double.BYTES * BlockSum.rowsAtOnce(size) * size)
                .max()
                .orElse(0);
    }

    /** Numbers of the covariances whose products are in the working precision. */
    private double wideNumbers(List<LayerSpec> layers) {
        int[] sources = shared.sources(layers);
        double numbers = 0;
        for (int l = 0; l < sources.length; l++) {
            LayerSpec layer = layers.get(l);
            numbers += wideNumbers(layer.outputs()) + (sources[l] == l ? wideNumbers(layer.gradientColumns()) : 0);
        }
        return numbers;
    }

    private long wideNumbers(int order) {
        return Arrays.stream(BlockDiagonal.sizes(order, blocks))
                .filter(size -> !BlockSum.isNarrow(size))
                .mapToLong(size -> (long) size * size)
                .sum();
    }

    /**
     * Returns the most that the decompositions of some layers take, each freeing its covariances.
     *
     * @param layers the layers of one group
     * @param atOnce how many of those that are decomposed on one core are at the same time
     * @return bytes; 0 where the strategy has no eigenbasis
     */
    public double decompositionBytes(List<LayerSpec> layers, int atOnce) {
        if (!strategy.usesEigenbasis()) {
            return 0;
        }
        double others = (atOnce - 1) * largestOnOneCore(layers);
        double covariances = 8.0 * covarianceNumbers(layers);
        double vectors = 0;
        double peak = 0;
        int[] sources = shared.sources(layers);
        for (int l : decompositionOrder(layers)) {
            LayerSpec layer = layers.get(l);
            boolean ownInput = sources[l] == l;
            double beside = onOneCore(layer) ? others : 0;
            peak = Math.max(peak, covariances + vectors + blockPeakBytes(layer, ownInput) + beside);
            long numbers = ownInput ? covarianceNumbers(layer) : gradientNumbers(layer);
            vectors += (double) precision.bytes() * numbers;
            covariances -= 8.0 * numbers;
        }
        return peak;
    }

    /**
     * Says whether a layer's decomposition runs on one core, beside those of others: it gains little from several, and gives the
     * same bits however many there are.
     *
     * @param layer the layer
     * @return whether its blocks are of an order of at most 2,048
     */
    public boolean onOneCore(LayerSpec layer) {
        return largestBlock(layer) <= ONE_CORE_ORDER;
    }

    /**
     * Orders layers as they are decomposed: those whose A and Q_A others take first, and of these, and of the others, those on one core.
     *
     * @param layers the layers of one group
     * @return their indices
     */
    public List<Integer> decompositionOrder(List<LayerSpec> layers) {
        int[] sources = shared.sources(layers);
        return IntStream.range(0, sources.length)
                .boxed()
                .sorted(Comparator.comparing((Integer l) -> sources[l] != l)
                        .thenComparing(l -> !onOneCore(layers.get(l))))
                .toList();
    }

    /**
     * Finds how many layers can be decomposed at the same time without more memory than the group takes anyway.
     *
     * @param layers the layers of one group
     * @param cores most of them
     * @return from 1 to {@code cores}
     */
    public int decompositionsAtOnce(List<LayerSpec> layers, int cores) {
        double one = decompositionBytes(layers, 1);
        double free = Math.max(0, peakBytes(layers) - one);
        double each = largestOnOneCore(layers);
        return each == 0 ? 1 : (int) Math.min(cores, 1 + free / each);
    }

    private double largestOnOneCore(List<LayerSpec> layers) {
        return layers.stream()
                .filter(this::onOneCore)
                .mapToDouble(layer -> blockPeakBytes(layer, true))
                .max()
                .orElse(0);
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
