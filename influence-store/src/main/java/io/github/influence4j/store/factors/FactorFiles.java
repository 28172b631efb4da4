package io.github.influence4j.store.factors;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The tensors of factors, by the names that kronfluence gives them, wherever they lie. */
interface FactorFiles extends AutoCloseable {

    /** Opens them. */
    interface Source {
        FactorFiles open() throws IOException;
    }

    /** Where tensors of a name lie, for messages. */
    Path path(String name);

    Optional<LayerTensor> find(String name, String layer);

    default LayerTensor tensor(String name, String layer) {
        return find(name, layer)
                .orElseThrow(() ->
                        new MalformedFileException(path(name), "has no tensor " + MalformedFileException.quote(layer)));
    }

    /** Refuses files that have changed since they were opened. */
    void checkUnchanged();

    @Override
    void close() throws IOException;
}
