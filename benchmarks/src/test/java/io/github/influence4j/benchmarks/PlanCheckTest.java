package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Precision;
import io.github.influence4j.benchmarks.Examples.Example;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlanCheckTest {

    @Test
    void everyStageIsPlannedAndMeasured() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            List<PlanCheck.Row> rows = PlanCheck.check(Workload.named("tiny-tokens"), backend, MachineRate.of(100), 1);
            List<String> stages =
                    List.of("covariances", "eigendecomposition", "eigenvalues", "query preparation", "scoring");
            List<String> names = rows.stream().map(PlanCheck.Row::stage).toList();
            assertTrue(names.containsAll(stages), names::toString);
            assertTrue(
                    names.containsAll(
                            Stream.of("scoring, rank 32", "self-influence").toList()),
                    names::toString);
            for (PlanCheck.Row row : rows) {
                assertTrue(row.bytes() > 0 && row.seconds() > 0 && row.plannedBytes() > 0, row::toString);
            }
        }
    }

    @Test
    void generatedExamplesDependOnTheirIdOnly() {
        GeneratedExamples examples = new GeneratedExamples(25, 7, 3, 11);
        float[] one = inputs(examples, 25);
        assertEquals(25 * 7, one.length);
        assertArrayEquals(one, inputs(examples, 4));
        assertTrue(Arrays.equals(one, inputs(examples, 25)));
    }

    private static float[] inputs(GeneratedExamples examples, int batchSize) {
        float[] all = new float[(int) examples.size() * examples.width()];
        int next = 0;
        for (ExampleBatch<Example> batch : examples.batches(batchSize)) {
            float[] inputs = batch.examples().get(0).set().inputs();
            System.arraycopy(inputs, 0, all, next, inputs.length);
            next += inputs.length;
        }
        return all;
    }
}
