package io.github.influence4j.api;

import java.io.PrintStream;

/** Is told how far long work has come. Called from the working thread, so it should return quickly. */
@FunctionalInterface
public interface ProgressListener {

    /**
     * Reports progress.
     *
     * @param stage what is being done, in words for a person
     * @param done units of work that are finished
     * @param total units of work in this stage
     */
    void progress(String stage, long done, long total);

    /**
     * Returns a listener that ignores everything.
     *
     * @return the silent listener
     */
    static ProgressListener silent() {
        return (stage, done, total) -> {};
    }

    /**
     * Returns a listener that prints a line such as {@code covariances: 512 of 60000} for each report.
     *
     * @param out where to, for instance {@code System.err}
     * @return the listener
     */
    static ProgressListener printing(PrintStream out) {
        return (stage, done, total) -> out.println(stage + ": " + done + " of " + total);
    }
}
