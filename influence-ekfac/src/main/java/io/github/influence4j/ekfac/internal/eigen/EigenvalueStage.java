package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.PassSums;
import io.github.influence4j.ekfac.internal.factor.RunningSum;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The second pass over the data: the corrected eigenvalues Λ = E[(Q_Sᵀ G_z Q_A)^∘2] of every layer, the Fisher's exact
 * diagonal in the layer's eigenbasis, with G_z summed over positions (paper, Eq. 20). Without a basis this is the Fisher's
 * plain diagonal.
 *
 * <p>Where a layer has one position, Λ is a product of squares, Λ = E[(Q_Sᵀg)^∘2 ((Q_Aᵀā)^∘2)ᵀ], and costs 2(i² + o² + i·o)
 * flops an example; with few positions it is a sum of such products over pairs of positions. See {@link RotationCost} for
 * the rest.
 */
public final class EigenvalueStage implements PassSums {

    /** What the pass is called in progress and errors. */
    public static final String NAME = "eigenvalues";

    private final MatrixBackend backend;
    private final Rotation rotation;
    private final List<LayerSpec> layers;
    private final List<Optional<LayerEigenbasis>> bases;
    private final RotatedGradients rotated;
    private final List<RunningSum> sums = new ArrayList<>();

    /**
     * Makes sums of 0.
     *
     * @param backend where they lie
     * @param layers the layers of the passes
     * @param bases the eigenbasis of each layer, or empty ones for the plain diagonal; borrowed
     * @param rotation how rotated gradients are formed
     */
    public EigenvalueStage(
            MatrixBackend backend, List<LayerSpec> layers, List<Optional<LayerEigenbasis>> bases, Rotation rotation) {
        this.backend = backend;
        this.rotation = rotation;
        this.layers = List.copyOf(layers);
        this.bases = List.copyOf(bases);
        this.rotated = new RotatedGradients(backend, rotation);
        layers.forEach(layer -> sums.add(new RunningSum(backend, layer.outputs(), layer.gradientColumns())));
    }

    @Override
    public void accept(CapturePass.Step step, UploadedCapture capture) {
        Optional<LayerEigenbasis> basis = bases.get(capture.layerIndex());
        RunningSum sum = sums.get(capture.layerIndex());
        if (rotated.cost(capture, basis).sumsPairs(rotation)) {
            addPairs(capture, basis, sum);
        } else {
            addSquares(capture, basis, sum);
        }
    }

    @Override
    public Map<String, Matrix> settle() {
        Map<String, Matrix> kept = new LinkedHashMap<>();
        for (int l = 0; l < layers.size(); l++) {
            kept.put(layers.get(l).name() + "/squares", sums.get(l).settle());
        }
        return kept;
    }

    @Override
    public void restore(Function<String, Matrix> kept) {
        for (int l = 0; l < layers.size(); l++) {
            sums.get(l).restore(kept.apply(layers.get(l).name() + "/squares"));
        }
    }

    /**
     * Hands over the eigenvalues.
     *
     * @param terms number of examples, times the weight of their {@link
     *     io.github.influence4j.ekfac.internal.factor.FisherObjectives}
     * @return Λ of each layer, [o, i] in float64, which the caller closes
     */
    public List<BackendMatrix> release(long terms) {
        List<BackendMatrix> means = new ArrayList<>();
        try {
            for (RunningSum sum : sums) {
                BackendMatrix mean = sum.releaseMean(terms);
                means.add(mean);
                raiseNegative(backend, mean);
            }
            return means;
        } catch (RuntimeException | Error e) {
            means.forEach(BackendMatrix::close);
            throw e;
        }
    }

    /**
     * Measures the eigenvalues in one pass.
     *
     * @param <E> the host's type of an example
     * @param backend where the matrices lie
     * @param pass runs the model
     * @param data the training set
     * @param options batch size, objectives and path
     * @param bases the eigenbasis of each layer, or empty ones for the plain diagonal
     * @param progress is told after each batch
     * @return Λ of each layer, [o, i] in float64, which the caller closes
     */
    public static <E> List<BackendMatrix> fit(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> data,
            Options options,
            List<Optional<LayerEigenbasis>> bases,
            ProgressListener progress) {
        try (EigenvalueStage stage = new EigenvalueStage(backend, pass.layers(), bases, options.rotation())) {
            pass.run(data, options.batchSize(), options.fisher().objectives(), NAME, progress, stage);
            return stage.release(data.size() * options.fisher().weight());
        }
    }

    /**
     * How eigenvalues are measured.
     *
     * @param batchSize examples per batch
     * @param fisher what to capture
     * @param rotation how rotated gradients are formed
     */
    public record Options(int batchSize, FisherObjectives fisher, Rotation rotation) {}

    private void addPairs(UploadedCapture capture, Optional<LayerEigenbasis> basis, RunningSum sum) {
        rotated.forEachPair(
                capture,
                basis,
                pairs -> sum.addRows(
                        pairs.activations().rows(),
                        2 * capture.exponent(),
                        (first, count, beta, target) -> backend.multiply(
                                pairs.weight(),
                                Operand.transposed(pairs.outputGradients().rows(first, count)),
                                Operand.of(pairs.activations().rows(first, count)),
                                beta,
                                target)));
    }

    private void addSquares(UploadedCapture capture, Optional<LayerEigenbasis> basis, RunningSum sum) {
        boolean tiles = rotated.cost(capture, basis).squaresTiles(rotation);
        rotated.forEach(
                capture,
                basis,
                chunk -> sum.add(chunk.examples(), 2 * capture.exponent(), (beta, target) -> {
                    if (tiles) {
                        chunk.forEachTile((z, examples, tile, first, gradients) -> backend.addSquares(
                                examples,
                                gradients,
                                z == 0 ? beta : 1,
                                target.rows(first, gradients.rows() / examples)));
                    } else {
                        chunk.forEach((first, outputs, gradients) ->
                                backend.addSquares(chunk.examples(), gradients, beta, target.rows(first, outputs)));
                    }
                }));
    }

    /** Sums over pairs of positions have terms of both signs, so rounding may leave less than 0 where nearly nothing is. */
    private static void raiseNegative(MatrixBackend backend, BackendMatrix values) {
        int step = Math.max(1, Math.min(values.rows(), backend.workSizes().transferred() / values.columns()));
        double[] numbers = new double[step * values.columns()];
        for (int first = 0; first < values.rows(); first += step) {
            BackendMatrix rows = values.rows(first, Math.min(step, values.rows() - first));
            rows.read(0, rows.rows(), numbers, 0);
            boolean negative = false;
            for (int k = 0; k < rows.rows() * rows.columns(); k++) {
                negative |= numbers[k] < 0;
                numbers[k] = Math.max(0, numbers[k]);
            }
            if (negative) {
                backend.upload(numbers, rows);
            }
        }
    }

    @Override
    public void close() {
        sums.forEach(RunningSum::close);
        rotated.close();
    }
}
