package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.benchmarks.Examples.Example;
import io.github.influence4j.linalg.MatrixBackend;

/** The model of a workload. */
interface WorkloadModel extends GradientProvider<Example>, AutoCloseable {

    /** Makes the model with the weights of the data. */
    static WorkloadModel of(MatrixBackend backend, WorkloadData data) {
        return switch (data.workload().activation()) {
            case RELU -> new PositionwiseMlp(backend, data);
            case SQUARE -> new SquareMlp(backend, data);
        };
    }

    /** Computes the outputs of a batch, [n·t·outputs]. */
    float[] outputs(ExampleBatch<Example> batch);

    @Override
    void close();
}
