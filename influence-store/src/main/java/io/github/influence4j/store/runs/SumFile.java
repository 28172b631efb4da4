package io.github.influence4j.store.runs;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Sums over shards in float64, in a file: each shard is added while the file is copied, so no sum is held in memory. */
final class SumFile {

    private static final int CHUNK = 1 << 16;

    /** What a shard adds to a tensor: {@code count} times a mean. */
    record Term(String tensor, Matrix mean, double count) {

        static Term count(String tensor, long count) {
            return new Term(tensor, Matrix.of(new double[] {count}, 1, 1), 1);
        }
    }

    private final Progress kept;
    private final String series;

    SumFile(Progress kept, String series) {
        this.kept = kept;
        this.series = series;
    }

    /** How many shards have been added. */
    int units() {
        return kept.units(series);
    }

    SafetensorsFile open() throws IOException {
        return kept.open(series);
    }

    static long count(SafetensorsFile sums, String tensor) {
        double[] value = new double[1];
        sums.read(tensor, 0, 1, value, 0);
        return (long) value[0];
    }

    void add(List<Term> terms) throws IOException {
        List<TensorSpec> specs = terms.stream()
                .map(term -> TensorSpec.of(
                        term.tensor(),
                        TensorType.F64,
                        term.mean().rows(),
                        term.mean().columns()))
                .toList();
        Optional<Progress.Finished> before = kept.find(series);
        if (before.isEmpty()) {
            kept.finish(series, 1, specs, file -> write(file, terms, Optional.empty()));
            return;
        }
        try (SafetensorsFile old = kept.open(before.get())) {
            kept.finish(series, before.get().units() + 1, specs, file -> write(file, terms, Optional.of(old)));
        }
    }

    private static void write(SafetensorsWriter file, List<Term> terms, Optional<SafetensorsFile> old)
            throws IOException {
        for (Term term : terms) {
            int columns = term.mean().columns();
            int step = Math.max(1, CHUNK / columns);
            double[] mean = new double[step * columns];
            double[] sum = new double[step * columns];
            for (int row = 0; row < term.mean().rows(); row += step) {
                int rows = Math.min(step, term.mean().rows() - row);
                int count = rows * columns;
                term.mean().read(row, rows, mean, 0);
                if (old.isPresent()) {
                    old.get().read(term.tensor(), (long) row * columns, count, sum, 0);
                }
                for (int k = 0; k < count; k++) {
                    sum[k] = (old.isPresent() ? sum[k] : 0) + term.count() * mean[k];
                }
                file.append(term.tensor(), sum, 0, count);
            }
        }
    }
}
