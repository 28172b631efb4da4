package io.github.influence4j.cli;

import io.github.influence4j.api.ProgressListener;
import java.io.PrintWriter;
import java.util.Optional;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar for each stage where somebody watches, and a line for each unit where nobody does. */
final class ProgressOutput implements ProgressListener, AutoCloseable {

    private static final int WIDTH = 79;

    private final PrintWriter err;
    private final boolean terminal;
    private String stage = "";
    private Optional<ProgressBar> bar = Optional.empty();

    ProgressOutput(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    @Override
    public void progress(String said, long done, long total) {
        String name = Terminal.text(said);
        if (!terminal) {
            err.println(name + " " + done + " of " + total);
            err.flush();
            return;
        }
        if (bar.isEmpty() || !stage.equals(name)) {
            close();
            stage = name;
            bar = Optional.of(new ProgressBarBuilder()
                    .setTaskName(name)
                    .setInitialMax(total)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setConsumer(new DelegatingProgressBarConsumer(this::draw, WIDTH))
                    .build());
        }
        bar.get().stepTo(done);
        if (done == total) {
            close();
        }
    }

    private void draw(String line) {
        err.print("\r" + line);
        err.flush();
    }

    @Override
    public void close() {
        if (bar.isPresent()) {
            bar.get().close();
            err.println();
            err.flush();
            bar = Optional.empty();
        }
    }
}
