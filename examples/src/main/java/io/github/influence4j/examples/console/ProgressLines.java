package io.github.influence4j.examples.console;

import io.github.influence4j.api.ProgressListener;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Progress as plain lines, for logs and pipes: one when a stage begins, and one every few seconds while it goes on.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class ProgressLines implements ProgressListener {

    private static final long NANOS = 1_000_000_000;
    private static final long PAUSE = 5 * NANOS;

    private final PrintWriter out;
    private final LongSupplier clock;
    private final long start;
    private String current = "";
    private long lastLine;

    /**
     * Starts the clock that the lines show.
     *
     * @param out receives the lines
     */
    public ProgressLines(PrintWriter out) {
        this(out, System::nanoTime);
    }

    ProgressLines(PrintWriter out, LongSupplier clock) {
        this.out = out;
        this.clock = clock;
        this.start = clock.getAsLong();
    }

    @Override
    public void progress(String stage, long done, long total) {
        long now = clock.getAsLong();
        boolean begins = !stage.equals(current);
        if (!begins && (done >= total || now - lastLine < PAUSE)) {
            return;
        }
        String part = begins || total <= 0 ? "" : String.format(Locale.ROOT, " (%d %%)", 100 * done / total);
        out.printf(Locale.ROOT, "[%5.1f s] %s%s%n", (now - start) / (double) NANOS, stage, part);
        out.flush();
        current = stage;
        lastLine = now;
    }
}
