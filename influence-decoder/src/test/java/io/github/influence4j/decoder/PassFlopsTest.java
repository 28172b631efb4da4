package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a decoder says that a pass costs is what its products cost, counted as they are formed. */
class PassFlopsTest {

    private static final int SEQUENCES = 3;
    private static final int TOKENS = 4;

    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#shapes")
    void countsTheProductsOfAPassBackToEachLayer(DecoderShape shape) {
        DoubleAdder flops = new DoubleAdder();
        try (MatrixBackend plain = MatrixBackends.named("openblas", Precision.FLOAT64)) {
            MatrixBackend counting = counting(plain, flops);
            try (Decoder model = Sequences.random(counting, shape, 3)) {
                ExampleBatch<TokenSequence> batch = sequences(shape);
                int positions = batch.examples().get(0).predictions();
                for (LayerSpec layer : model.layers()) {
                    flops.reset();
                    model.capture(batch, new Objective.TrainingLoss(), List.of(layer), capture -> {});
                    assertEquals(
                            SEQUENCES * positions * Decoder.flopsPerPositionOf(shape, List.of(layer), positions),
                            flops.sum(),
                            () -> "back to " + layer);
                }
            }
        }
    }

    private static ExampleBatch<TokenSequence> sequences(DecoderShape shape) {
        Random random = new Random(5);
        List<TokenSequence> sequences = IntStream.range(0, SEQUENCES)
                .mapToObj(e -> TokenSequence.after(
                        random.ints(TOKENS, 0, shape.vocabulary()).toArray(), 1))
                .toList();
        return new ExampleBatch<>(sequences, new long[] {7, 8, 9});
    }

    /** A backend that adds up 2mnk of each product that is asked for. */
    private static MatrixBackend counting(MatrixBackend backend, DoubleAdder flops) {
        return (MatrixBackend) Proxy.newProxyInstance(
                PassFlopsTest.class.getClassLoader(),
                new Class<?>[] {MatrixBackend.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("multiply")) {
                        int a = arguments.length == 3 ? 0 : 1;
                        Operand left = (Operand) arguments[a];
                        Operand right = (Operand) arguments[a + 1];
                        flops.add(2.0 * left.rows() * left.columns() * right.columns());
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
