package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The Gauss-Newton product of any model that offers the root of its output Hessian: Σ_z Σ_k g_zk (g_zkᵀ v), from one
 * capture of the batch for each column k.
 *
 * <p>Never forms a gradient: g_zkᵀv is Σ_p g_pᵀV ā_p. For n examples, t positions, C columns and P parameters a capture costs
 * about 4ntP flops and each vector 4ntP more, so C times as much as a model's own product. Computes in float64, whatever
 * the working precision; holds the captures of one batch. Not for use by several threads. Whoever made it closes it; it
 * does not own the model.
 *
 * @param <E> the host's type of an example
 */
public final class HessianRootProduct<E> implements CurvatureProduct<E>, OutputHessianRoots<E>, AutoCloseable {

    private final MatrixBackend backend;
    private final OutputHessianRoots<E> model;
    private final List<LayerSpec> layers;
    private final CapturePass<E> pass;
    private final List<CapturedRows> captured = new ArrayList<>();
    private final Scratch mapped;
    private final double weight;

    /**
     * Wraps a model that draws labels, or captures of drawn labels: g gᵀ of a label that the model draws is G on average.
     *
     * <p>G is then a mean over draws, Σ_z Σ_k g_zk g_zkᵀ / draws, where g_zk is the gradient of example z with its kth draw. It is
     * unbiased, of rank n · draws at most, and one draw of a sequence's labels gives the products of its positions too, whose mean is 0:
     * with few examples it is further from G than Kronecker factors of the same captures, which leave these products out.
     *
     * @param <E> the host's type of an example
     * @param backend computes
     * @param model draws labels; stays open while the result is in use
     * @param labels the series of draws, and the first of them
     * @param draws how many of the series; 1 for captures in files, which hold one
     * @return the product, which the caller closes
     * @throws IllegalArgumentException if the model has no layers or two of the same name, or there is no draw
     */
    public static <E> HessianRootProduct<E> ofSampledLabels(
            MatrixBackend backend, GradientProvider<E> model, Objective.SampledLabels labels, int draws) {
        return new HessianRootProduct<>(backend, new SampledRoots<>(model, labels, draws), 1.0 / draws);
    }

    /**
     * Wraps a model.
     *
     * @param backend computes
     * @param model offers the root of its output Hessian; stays open while this is in use
     * @throws IllegalArgumentException if the model has no layers, two of the same name, or a root without columns
     */
    public HessianRootProduct(MatrixBackend backend, OutputHessianRoots<E> model) {
        this(backend, model, 1);
    }

    private HessianRootProduct(MatrixBackend backend, OutputHessianRoots<E> model, double weight) {
        if (model.outputHessianColumns() < 1) {
            throw new IllegalArgumentException(
                    "the root of the output Hessian has " + model.outputHessianColumns() + " columns");
        }
        this.backend = backend;
        this.model = model;
        this.weight = weight;
        this.pass = new CapturePass<>(backend, model, Precision.FLOAT64);
        this.layers = pass.layers();
        this.mapped = new Scratch(backend, Precision.FLOAT64);
        layers.forEach(layer -> captured.add(new CapturedRows(backend)));
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        model.capture(batch, objective, wanted, sink);
    }

    @Override
    public Optional<String> fingerprint() {
        return model.fingerprint();
    }

    @Override
    public int outputHessianColumns() {
        return model.outputHessianColumns();
    }

    /**
     * {@inheritDoc}
     *
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     */
    @Override
    public LayerGradients product(ExampleBatch<E> batch, LayerGradients vector) {
        return products(batch, List.of(vector)).get(0);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The vectors share the captures.
     *
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     */
    @Override
    public List<LayerGradients> products(ExampleBatch<E> batch, List<LayerGradients> vectors) {
        vectors.forEach(vector -> vector.requireLayers(layers));
        List<BackendMatrix[]> directions = new ArrayList<>();
        List<BackendMatrix[]> sums = new ArrayList<>();
        try {
            for (LayerGradients vector : vectors) {
                directions.add(upload(vector));
                sums.add(zeros());
            }
            for (ExampleBatch<E> part : pass.cut(batch, new Objective.OutputHessianRoot(0))) {
                for (int k = 0; k < model.outputHessianColumns(); k++) {
                    pass.runBatch(part, new Objective.OutputHessianRoot(k), (step, capture) -> captured.get(
                                    capture.layerIndex())
                            .copy(capture));
                    for (int j = 0; j < vectors.size(); j++) {
                        addColumn(part.size(), directions.get(j), sums.get(j));
                    }
                }
            }
            return sums.stream()
                    .map(sum -> LayerGradients.of(layers, List.<Matrix>of(sum)))
                    .toList();
        } finally {
            directions.forEach(HessianRootProduct::close);
            sums.forEach(HessianRootProduct::close);
        }
    }

    /** sum += Σ_z g_z (g_zᵀ v) for the captures at hand. */
    private void addColumn(int examples, BackendMatrix[] direction, BackendMatrix[] sum) {
        try (BackendMatrix coefficients = backend.zeros(examples, 1, Precision.FLOAT64)) {
            for (int l = 0; l < sum.length; l++) {
                CapturedRows rows = captured.get(l);
                BackendMatrix product = mapped.take(rows.activations().rows(), rows.width());
                backend.multiply(Operand.of(rows.activations()), Operand.transposed(direction[l]), product);
                backend.multiplyElements(product, rows.outputGradients(), product);
                int perExample = product.rows() / examples * rows.width();
                try (BackendMatrix ones = ones(perExample, 1)) {
                    backend.multiply(
                            1, Operand.of(product.reshape(examples, perExample)), Operand.of(ones), 1, coefficients);
                }
            }
            for (int l = 0; l < sum.length; l++) {
                CapturedRows rows = captured.get(l);
                BackendMatrix weighted = mapped.take(rows.activations().rows(), rows.width());
                int perExample = weighted.rows() / examples * rows.width();
                try (BackendMatrix ones = ones(1, perExample)) {
                    backend.multiply(
                            Operand.of(coefficients), Operand.of(ones), weighted.reshape(examples, perExample));
                }
                backend.multiplyElements(weighted, rows.outputGradients(), weighted);
                backend.multiply(weight, Operand.transposed(weighted), Operand.of(rows.activations()), 1, sum[l]);
            }
        }
    }

    /** {@inheritDoc} Positions are those of the last batch, 1 before the first. */
    @Override
    public double productFlops(ExampleBatch<E> batch, int vectors) {
        double perExample = 0;
        for (int l = 0; l < layers.size(); l++) {
            perExample += (double) layers.get(l).parameters() * captured.get(l).positions();
        }
        return model.outputHessianColumns() * batch.size() * perExample * 4.0 * (1 + vectors);
    }

    private BackendMatrix[] upload(LayerGradients vector) {
        return layers.stream()
                .map(layer -> backend.copyOf(vector.layer(layer.name()), Precision.FLOAT64))
                .toArray(BackendMatrix[]::new);
    }

    private BackendMatrix[] zeros() {
        return layers.stream()
                .map(layer -> backend.zeros(layer.outputs(), layer.gradientColumns(), Precision.FLOAT64))
                .toArray(BackendMatrix[]::new);
    }

    private BackendMatrix ones(int rows, int columns) {
        double[] ones = new double[rows * columns];
        Arrays.fill(ones, 1);
        return backend.copyOf(Matrix.of(ones, rows, columns), Precision.FLOAT64);
    }

    private static void close(BackendMatrix[] matrices) {
        for (BackendMatrix matrix : matrices) {
            matrix.close();
        }
    }

    @Override
    public void close() {
        captured.forEach(CapturedRows::close);
        mapped.close();
        pass.close();
    }

    /** A copy of one layer's capture that outlives it. */
    private static final class CapturedRows implements AutoCloseable {

        private final MatrixBackend backend;
        private final Scratch activationMemory;
        private final Scratch gradientMemory;
        private Optional<BackendMatrix> activations = Optional.empty();
        private Optional<BackendMatrix> outputGradients = Optional.empty();
        private int positions = 1;

        CapturedRows(MatrixBackend backend) {
            this.backend = backend;
            this.activationMemory = new Scratch(backend, Precision.FLOAT64);
            this.gradientMemory = new Scratch(backend, Precision.FLOAT64);
        }

        void copy(UploadedCapture capture) {
            positions = capture.positions();
            activations = Optional.of(copy(capture.activations(), activationMemory));
            outputGradients = Optional.of(copy(capture.outputGradients(), gradientMemory));
        }

        private BackendMatrix copy(BackendMatrix rows, Scratch memory) {
            BackendMatrix copy = memory.take(rows.rows(), rows.columns());
            backend.upload(rows, copy);
            return copy;
        }

        /** [n·t, i]. */
        BackendMatrix activations() {
            return activations.orElseThrow();
        }

        /** [n·t, o]. */
        BackendMatrix outputGradients() {
            return outputGradients.orElseThrow();
        }

        int width() {
            return outputGradients().columns();
        }

        int positions() {
            return positions;
        }

        @Override
        public void close() {
            activationMemory.close();
            gradientMemory.close();
        }
    }
}
