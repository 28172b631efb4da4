package io.github.influence4j.baselines.retraining;

import io.github.influence4j.api.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Finished trainings as lines of text: a first line that names what was trained, then subset, repeat and the queries'
 * measurements. A last line that was cut off is dropped.
 */
final class RetrainingLog {

    private static final String VERSION = "influence4j retraining 2";

    private final Optional<Path> file;
    private final Map<List<Integer>, double[]> finished = new HashMap<>();

    private RetrainingLog(Optional<Path> file) {
        this.file = file;
    }

    static RetrainingLog open(RetrainingOptions options, TrainingSubsets subsets, long[] queryIds) throws IOException {
        RetrainingLog log = new RetrainingLog(options.progressFile());
        if (log.file.isPresent()) {
            Path path = log.file.get();
            String head = head(options, subsets, queryIds);
            if (Files.exists(path)) {
                log.read(path, head, queryIds.length);
            }
            log.rewrite(path, head);
        }
        return log;
    }

    /** What must be equal for results to be used again: subsets and queries as digests, the rest in words. */
    private static String head(RetrainingOptions options, TrainingSubsets subsets, long[] queryIds) {
        String members = subsets.members().stream().map(Arrays::toString).collect(Collectors.joining(";"));
        return String.join(
                "\t",
                VERSION,
                "subsets " + digest(members),
                "queries " + digest(Arrays.toString(queryIds)),
                "first seed " + options.firstSeed(),
                "trainer " + options.trainer().replaceAll("\\s+", " "));
    }

    private static String digest(String text) {
        return Fingerprint.ofText(text).substring(0, 16);
    }

    private void read(Path path, String head, int queries) throws IOException {
        String text = Files.readString(path);
        String complete = text.substring(0, text.lastIndexOf('\n') + 1);
        if (complete.isEmpty()) {
            return;
        }
        String[] lines = complete.split("\n");
        if (!lines[0].equals(head)) {
            throw new IllegalArgumentException(path + " holds other trainings: expected '" + head + "', found '"
                    + lines[0] + "'; remove it or give another file");
        }
        for (int l = 1; l < lines.length; l++) {
            String[] fields = lines[l].split("\t");
            if (fields.length != queries + 2) {
                throw new IllegalArgumentException(
                        path + ", line " + (l + 1) + ": expected " + (queries + 2) + " fields, found " + fields.length);
            }
            try {
                double[] values = Arrays.stream(fields, 2, fields.length)
                        .mapToDouble(Double::parseDouble)
                        .toArray();
                finished.put(List.of(Integer.parseInt(fields[0]), Integer.parseInt(fields[1])), values);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(path + ", line " + (l + 1) + ": " + e.getMessage(), e);
            }
        }
    }

    private void rewrite(Path path, String head) throws IOException {
        StringBuilder text = new StringBuilder(head).append('\n');
        finished.forEach((key, values) -> text.append(line(key.get(0), key.get(1), values)));
        Path parent = path.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
        Files.writeString(temporary, text);
        Files.move(temporary, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String line(int subset, int repeat, double[] values) {
        return subset + "\t" + repeat + "\t"
                + Arrays.stream(values).mapToObj(Double::toString).collect(Collectors.joining("\t")) + "\n";
    }

    boolean has(int subset, int repeat) {
        return finished.containsKey(List.of(subset, repeat));
    }

    double[] get(int subset, int repeat) {
        double[] values = finished.get(List.of(subset, repeat));
        if (values == null) {
            throw new IllegalStateException("subset " + subset + ", repeat " + repeat + " is not finished");
        }
        return values;
    }

    void add(int subset, int repeat, double[] values) throws IOException {
        finished.put(List.of(subset, repeat), values);
        if (file.isPresent()) {
            Files.writeString(file.get(), line(subset, repeat, values), StandardOpenOption.APPEND);
        }
    }
}
