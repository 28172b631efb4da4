package io.github.influence4j.store.runs;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.internal.DataDigest;
import io.github.influence4j.store.internal.KeptMatrices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How far a run has come whose units follow one another and need only what the last one left, such as the steps of a training: kept in
 * the folder {@code .progress} of its results, with checksums, as runs of fits and scores are. For one thread, which holds the
 * folder's lock.
 */
public final class KeptUnits {

    private static final String SERIES = "units";

    private final Progress progress;

    private KeptUnits(Progress progress) {
        this.progress = progress;
    }

    /**
     * What the last unit left.
     *
     * @param units how many were done
     * @param file the matrices, by name
     */
    public record Unit(int units, SafetensorsFile file) implements AutoCloseable {

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /**
     * Tells data sets apart by name, size and times of the last change of each file, for the description of a run.
     *
     * @param data the data set
     * @return its size, and a digest of what its files are
     * @throws IOException if a file cannot be looked at
     */
    public static String digest(PartedData<?> data) throws IOException {
        return DataDigest.of(data);
    }

    /**
     * Begins a run or takes it up again.
     *
     * @param results folder of the results
     * @param run describes options and data
     * @param resume whether an unfinished run may be taken up
     * @param lock the lock of the results' folder
     * @return how far it has come
     * @throws IOException if a file cannot be read or written
     * @throws IllegalStateException if the folder holds an unfinished run that is not to be taken up, or another one
     */
    public static KeptUnits begin(Path results, Map<String, String> run, boolean resume, FolderLock lock)
            throws IOException {
        return new KeptUnits(Progress.begin(results, run, resume, lock));
    }

    /**
     * Refuses complete results of another run; removes what is left of the progress of this one.
     *
     * @param results folder of the results
     * @param done describes options and data of the run that they are of
     * @param run describes those of this one
     * @throws IOException if what is left cannot be removed
     * @throws IllegalStateException if they are of another run
     */
    public static void requireDone(Path results, Map<String, String> done, Map<String, String> run) throws IOException {
        Progress.requireDone(results, done, run);
    }

    /**
     * Gives what the last unit left.
     *
     * @return it, which the caller closes, or nothing if the run begins
     * @throws IOException if it cannot be read
     */
    public Optional<Unit> last() throws IOException {
        Optional<ProgressLog.Finished> found = progress.find(SERIES);
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(new Unit(found.get().units(), progress.open(found.get())));
    }

    /**
     * Keeps what a unit left, and then forgets what the one before it left: for a moment there is room needed for both.
     *
     * @param units how many are done
     * @param matrices matrices by name, kept in their own precision
     * @throws IOException if they cannot be written
     */
    public void keep(int units, Map<String, Matrix> matrices) throws IOException {
        progress.finish(SERIES, units, KeptMatrices.specs(matrices), file -> KeptMatrices.write(file, matrices));
    }

    /**
     * Forgets the run, whose results are written.
     *
     * @throws IOException if a file cannot be removed
     */
    public void discard() throws IOException {
        progress.discard();
    }
}
