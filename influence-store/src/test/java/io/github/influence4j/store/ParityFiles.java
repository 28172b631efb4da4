package io.github.influence4j.store;

import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** One model of the parity fixtures, by its files. */
public final class ParityFiles implements AutoCloseable {

    public static final List<String> CASES = List.of("mlp", "tokens", "conv", "block");

    private final CaptureSet pseudo;
    private final CaptureSet train;
    private final CaptureSet query;
    private final SafetensorsFile expected;

    public ParityFiles(String name) throws IOException {
        pseudo = CaptureSet.open(path(name + "/pseudo"));
        train = CaptureSet.open(path(name + "/train"));
        query = CaptureSet.open(path(name + "/query"));
        expected = SafetensorsFile.open(path(name + "/expected"));
    }

    public static Path path(String name) {
        URL url = ParityFiles.class.getResource("/parity/" + name + ".safetensors");
        try {
            return Path.of(Objects.requireNonNull(url, name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    public CaptureSet pseudo() {
        return pseudo;
    }

    public CaptureSet train() {
        return train;
    }

    public CaptureSet query() {
        return query;
    }

    public CaptureProvider provider() {
        return CaptureProvider.of(pseudo, train, query);
    }

    public double[] expected(String tensor) {
        double[] values = new double[(int) expected.tensor(tensor).elements()];
        expected.read(tensor, 0, values.length, values, 0);
        return values;
    }

    public int[] shape(String tensor) {
        return expected.tensor(tensor).shape().stream().mapToInt(Long::intValue).toArray();
    }

    @Override
    public void close() throws IOException {
        pseudo.close();
        train.close();
        query.close();
        expected.close();
    }
}
