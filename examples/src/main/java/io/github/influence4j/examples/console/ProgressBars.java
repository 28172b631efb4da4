package io.github.influence4j.examples.console;

import io.github.influence4j.api.ProgressListener;
import java.io.PrintStream;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Progress as a bar for each stage, for a person at a terminal.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class ProgressBars implements ProgressListener, AutoCloseable {

    private static final int REFRESH_MILLIS = 100;

    private final PrintStream out;
    private String current = "";
    private Optional<ProgressBar> bar = Optional.empty();

    /**
     * Prepares to show bars.
     *
     * @param out the terminal
     */
    public ProgressBars(PrintStream out) {
        this.out = out;
    }

    @Override
    public void progress(String stage, long done, long total) {
        if (!stage.equals(current)) {
            close();
            current = stage;
            bar = Optional.of(start(stage, total));
        }
        bar.ifPresent(shown -> shown.maxHint(total).stepTo(done));
    }

    private ProgressBar start(String stage, long total) {
        return new ProgressBarBuilder()
                .setTaskName(stage)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new ConsoleProgressBarConsumer(out))
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .build();
    }

    /** Leaves the last bar on the screen as it is. */
    @Override
    public void close() {
        bar.ifPresent(ProgressBar::close);
        bar = Optional.empty();
    }
}
