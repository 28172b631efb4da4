package io.github.influence4j.cli;

import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Goes once through a tensor, or through its parts in several files that follow one another along the first dimension. */
final class TensorSummary {

    /** What a tensor holds, as far as that makes numbers odd. */
    enum Kind {
        NUMBERS,
        MASK,
        EIGENVALUES,
        EIGENVECTORS
    }

    private static final int CHUNK = 1 << 16;

    /** Bring numbers whose squares are out of range into it. */
    private static final double DOWN = 0x1p-512;

    private static final double UP = 0x1p512;

    /** Below, a sum of squares has lost digits. */
    private static final double LEAST_SUM = 0x1p-900;

    /** Eigenvectors of more numbers are not looked at for their lengths. */
    private static final long MOST_COLUMNS = 1L << 24;

    /** Of the greatest eigenvalue; below is what rounding leaves. */
    private static final double ROUNDING = 1e-6;

    /** Of float32 eigenvectors of some thousand numbers. */
    private static final double UNIT_LENGTH = 1e-3;

    private final String name;
    private final Kind kind;
    private String type = "";
    private List<Long> shape = List.of();
    private int parts;
    private double least = Double.POSITIVE_INFINITY;
    private double greatest = Double.NEGATIVE_INFINITY;
    private double sum;
    private double logs;
    private double squares;
    private double squaresOfLarge;
    private double squaresOfSmall;
    private long elements;
    private long unread;
    private long odd;
    private long zeros;
    private double[] lengths = {};

    TensorSummary(String name, Kind kind) {
        this.name = name;
        this.kind = kind;
    }

    void add(SafetensorsFile file, TensorSpec spec) {
        type = spec.type().toString();
        shape = parts == 0 ? spec.shape() : joined(shape, spec.shape());
        parts++;
        elements += spec.elements();
        if (!spec.type().isRead()) {
            unread += spec.elements();
            return;
        }
        // without elements a dimension may be anything
        if (kind == Kind.EIGENVECTORS
                && lengths.length == 0
                && spec.rank() == 2
                && spec.elements() > 0
                && spec.dimension(1) <= MOST_COLUMNS) {
            lengths = new double[(int) spec.dimension(1)];
        }
        double[] values = new double[(int) Math.min(CHUNK, spec.elements())];
        for (long first = 0; first < spec.elements(); first += CHUNK) {
            int count = (int) Math.min(CHUNK, spec.elements() - first);
            file.read(spec.name(), first, count, values, 0);
            for (int k = 0; k < count; k++) {
                add(values[k], first + k);
            }
        }
    }

    /** Examples add up; of other dimensions the largest counts. */
    private static List<Long> joined(List<Long> before, List<Long> next) {
        List<Long> joined = new ArrayList<>();
        for (int d = 0; d < Math.min(before.size(), next.size()); d++) {
            joined.add(d == 0 ? sum(before.get(0), next.get(0)) : (Long) Math.max(before.get(d), next.get(d)));
        }
        return joined;
    }

    private static Long sum(long before, long next) {
        return before > Long.MAX_VALUE - next ? Long.MAX_VALUE : before + next;
    }

    private void add(double value, long index) {
        if (!Double.isFinite(value)) {
            odd++;
            return;
        }
        if (value == 0) {
            zeros++;
        }
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
        squares += value * value;
        squaresOfLarge += value * DOWN * (value * DOWN);
        squaresOfSmall += value * UP * (value * UP);
        if (kind == Kind.EIGENVALUES && value > 0) {
            sum += value;
            logs += value * Math.log(value);
        }
        if (lengths.length > 0) {
            lengths[(int) (index % lengths.length)] += value * value;
        }
    }

    /** What is found, by name. */
    Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("tensor", name);
        row.put("type", type);
        row.put("shape", shape);
        if (odd + unread < elements) {
            row.put("least", least);
            row.put("greatest", greatest);
            row.put("root mean square", rootMeanSquare(elements - odd - unread));
        }
        if (unread > 0) {
            row.put("not looked at", unread);
        }
        if (kind == Kind.EIGENVALUES && sum > 0) {
            // −Σ p ln p with p = λ/Σλ
            row.put("effective rank", Math.exp(Math.log(sum) - logs / sum));
            row.put("condition", least > 0 ? (Object) (greatest / least) : "infinite");
        }
        List<String> suspicious = suspicious();
        if (!suspicious.isEmpty()) {
            row.put("suspicious", String.join("; ", suspicious));
        }
        return row;
    }

    private double rootMeanSquare(long count) {
        if (squares == Double.POSITIVE_INFINITY) {
            return Math.sqrt(squaresOfLarge / count) / DOWN;
        }
        return squares < LEAST_SUM ? Math.sqrt(squaresOfSmall / count) / UP : Math.sqrt(squares / count);
    }

    private List<String> suspicious() {
        List<String> found = new ArrayList<>();
        if (odd > 0) {
            found.add(odd + " of " + elements + " numbers are NaN or infinite");
        }
        if (elements > 0 && zeros == elements) {
            found.add(kind == Kind.MASK ? "everything is masked" : "all numbers are 0");
        }
        if (kind == Kind.EIGENVALUES && least < -ROUNDING * Math.max(0, greatest)) {
            found.add("eigenvalues down to " + number(least) + ", which rounding does not explain");
        }
        double worst = 0;
        for (double length : lengths) {
            worst = Math.max(worst, Math.abs(Math.sqrt(length) - 1));
        }
        if (worst > UNIT_LENGTH) {
            found.add("eigenvectors whose length is off by " + number(worst));
        }
        return found;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }
}
