package io.github.influence4j.ekfac.eigen;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.FitOptions.Rotation;
import io.github.influence4j.ekfac.factor.CapturePass;
import io.github.influence4j.ekfac.factor.FisherObjectives;
import io.github.influence4j.ekfac.factor.RunningSum;
import io.github.influence4j.ekfac.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The second pass over the data: the corrected eigenvalues Λ = E[(Q_Sᵀ G_z Q_A)^∘2] of every layer, the Fisher's exact
 * diagonal in the layer's eigenbasis, with G_z summed over positions (paper, Eq. 20). Without a basis this is the Fisher's
 * plain diagonal.
 *
 * <p>Where a layer has one position, Λ is a product of squares, Λ = E[(Q_Sᵀg)^∘2 ((Q_Aᵀā)^∘2)ᵀ], and costs 2(i² + o² + i·o)
 * flops an example; with few positions it is a sum of such products over pairs of positions. See {@link RotationCost} for
 * the rest.
 */
public final class EigenvalueStage {

    private EigenvalueStage() {}

    /**
     * Measures the eigenvalues.
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
        List<RunningSum> sums = new ArrayList<>();
        List<BackendMatrix> means = new ArrayList<>();
        try (RotatedGradients rotated = new RotatedGradients(backend, options.rotation())) {
            for (LayerSpec layer : pass.layers()) {
                sums.add(new RunningSum(backend, layer.outputs(), layer.gradientColumns()));
            }
            pass.run(
                    data,
                    options.batchSize(),
                    options.fisher().objectives(),
                    "eigenvalues",
                    progress,
                    (step, capture) -> add(
                            backend,
                            rotated,
                            options.rotation(),
                            capture,
                            bases.get(capture.layerIndex()),
                            sums.get(capture.layerIndex())));
            for (RunningSum sum : sums) {
                means.add(sum.releaseMean(data.size() * options.fisher().weight()));
                raiseNegative(backend, means.get(means.size() - 1));
            }
            return means;
        } catch (RuntimeException | Error e) {
            means.forEach(BackendMatrix::close);
            throw e;
        } finally {
            sums.forEach(RunningSum::close);
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

    private static void add(
            MatrixBackend backend,
            RotatedGradients rotated,
            Rotation rotation,
            UploadedCapture capture,
            Optional<LayerEigenbasis> basis,
            RunningSum sum) {
        if (rotated.cost(capture, basis).sumsPairs(rotation)) {
            rotated.forEachPair(
                    capture,
                    basis,
                    pairs -> sum.add(
                            pairs.activations().rows(),
                            (beta, target) -> backend.multiply(
                                    pairs.weight(),
                                    Operand.transposed(pairs.outputGradients()),
                                    Operand.of(pairs.activations()),
                                    beta,
                                    target)));
        } else {
            rotated.forEach(
                    capture,
                    basis,
                    chunk -> sum.add(
                            chunk.examples(),
                            (beta, target) -> chunk.forEach((first, outputs, gradients) -> backend.addSquares(
                                    chunk.examples(), gradients, beta, target.rows(first, outputs)))));
        }
    }

    /** Sums over pairs of positions have terms of both signs, so rounding may leave less than 0 where nearly nothing is. */
    private static void raiseNegative(MatrixBackend backend, BackendMatrix values) {
        double[] row = new double[values.columns()];
        for (int o = 0; o < values.rows(); o++) {
            values.read(o, 1, row, 0);
            boolean negative = false;
            for (int k = 0; k < row.length; k++) {
                negative |= row[k] < 0;
                row[k] = Math.max(0, row[k]);
            }
            if (negative) {
                backend.upload(row, values.rows(o, 1));
            }
        }
    }
}
