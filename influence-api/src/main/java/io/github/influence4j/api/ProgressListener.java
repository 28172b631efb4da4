package io.github.influence4j.api;

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
}
