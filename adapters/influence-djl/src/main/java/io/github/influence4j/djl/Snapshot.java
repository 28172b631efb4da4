package io.github.influence4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies of a model's parameters without gradients, so that no pass can touch the model's own. */
final class Snapshot extends ParameterStore {

    private final NDManager manager;
    private final Map<Parameter, NDArray> copies = new IdentityHashMap<>();

    Snapshot(NDManager manager) {
        super(manager, false);
        this.manager = manager;
    }

    @Override
    @SuppressWarnings("NullAway") // DJL's blocks ask for a bias that is null and expect null
    public @Nullable NDArray getValue(@Nullable Parameter parameter, Device device, boolean training) {
        return parameter == null ? null : copy(parameter);
    }

    NDArray copy(Parameter parameter) {
        return copies.computeIfAbsent(parameter, p -> {
            NDArray array = p.getArray();
            return manager.create(array.toByteBuffer(), array.getShape(), array.getDataType());
        });
    }
}
