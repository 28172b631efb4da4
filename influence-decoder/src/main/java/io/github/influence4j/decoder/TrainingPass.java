package io.github.influence4j.decoder;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loss and gradients of a batch for training. The sequences are divided into parts of about as many predictions, and each part
 * goes forward and backward on a core of its own with memory of its own; only at the end are the gradients added.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class TrainingPass<A> implements AutoCloseable {

    private final MatrixBackend backend;
    private final DecoderShape shape;
    private final List<DecoderPass<A>> passes = new ArrayList<>();
    private final List<ParameterMatrices> gradients = new ArrayList<>();
    private int used;

    /**
     * Prepares for training.
     *
     * @param weights what changes between the steps
     * @param parts most parts of a batch
     */
    TrainingPass(MatrixBackend backend, ParameterMatrices weights, RowKernels<A> kernels, int parts) {
        this.backend = backend;
        this.shape = weights.shape();
        for (int k = 0; k < parts; k++) {
            passes.add(new DecoderPass<>(backend, weights, kernels));
            gradients.add(new ParameterMatrices(backend, shape));
        }
    }

    /** Computes the mean loss over a batch's predictions, and its gradient in every parameter as a sum of parts. */
    double run(ExampleBatch<TokenSequence> batch) {
        List<SequenceRows> parts = divide(batch);
        used = parts.size();
        int predictions = parts.stream().mapToInt(SequenceRows::counted).sum();
        double[] losses = new double[used];
        backend.inParallel(used, k -> losses[k] = part(passes.get(k), parts.get(k), predictions, gradients.get(k)));
        return Arrays.stream(losses).sum() / predictions;
    }

    private double part(DecoderPass<A> pass, SequenceRows rows, int predictions, ParameterMatrices result) {
        pass.forward(rows);
        double loss = pass.backward(
                new ObjectiveRows<>(pass.kernels(), shape.vocabulary(), rows).mean(predictions),
                DecoderPass.EMBEDDINGS,
                (map, block, first, inputs, atOutputs) -> backend.multiply(
                        1,
                        Operand.transposed(atOutputs),
                        Operand.of(inputs),
                        first == 0 ? 0 : 1,
                        result.map(map, block)));
        pass.addRemainingGradients(result);
        return loss;
    }

    private List<SequenceRows> divide(ExampleBatch<TokenSequence> batch) {
        int left =
                batch.examples().stream().mapToInt(TokenSequence::predictions).sum();
        int parts = Math.min(passes.size(), batch.size());
        List<SequenceRows> divided = new ArrayList<>();
        int first = 0;
        for (int k = 0; k < parts; k++) {
            int others = parts - k - 1;
            int wanted = left / (others + 1);
            int end = first;
            int taken = 0;
            while (end == first || end < batch.size() - others && (taken < wanted || others == 0)) {
                taken += batch.examples().get(end++).predictions();
            }
            divided.add(SequenceRows.of(
                    shape,
                    new ExampleBatch<>(
                            batch.examples().subList(first, end), Arrays.copyOfRange(batch.ids(), first, end))));
            first = end;
            left -= taken;
        }
        return divided;
    }

    /** After {@link #run}: flat vectors whose sum is the gradient. */
    List<BackendMatrix> gradients() {
        return gradients.subList(0, used).stream().map(ParameterMatrices::flat).toList();
    }

    @Override
    public void close() {
        passes.forEach(DecoderPass::close);
        gradients.forEach(ParameterMatrices::close);
    }
}
