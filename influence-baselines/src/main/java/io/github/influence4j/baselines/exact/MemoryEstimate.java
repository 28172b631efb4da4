package io.github.influence4j.baselines.exact;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What an exact computation will take, part by part, against a limit. */
final class MemoryEstimate {

    private static final double KIB = 1024;
    private static final double MIB = 1024 * KIB;
    private static final double GIB = 1024 * MIB;

    private final Map<String, Double> parts = new LinkedHashMap<>();
    private final String sizes;
    private final double limit;

    MemoryEstimate(String sizes, long limit) {
        this.sizes = sizes;
        this.limit = limit;
    }

    /** Sets the bytes of a part, in place of what was set before. */
    void set(String part, double bytes) {
        parts.put(part, bytes);
    }

    /** Refuses, with the numbers, what is above the limit. */
    void require() {
        double total = parts.values().stream().mapToDouble(b -> b).sum();
        if (total > limit) {
            String list = parts.entrySet().stream()
                    .map(p -> p.getKey() + " " + inWords(p.getValue()))
                    .collect(Collectors.joining(", "));
            throw new IllegalArgumentException("exact Gauss-Newton needs " + inWords(total) + " (" + list + "): "
                    + sizes + ", limit " + inWords(limit));
        }
    }

    private static String inWords(double bytes) {
        if (bytes >= GIB) {
            return String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
        }
        if (bytes >= MIB) {
            return String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
        }
        return String.format(Locale.ROOT, "%.1f KiB", bytes / KIB);
    }
}
