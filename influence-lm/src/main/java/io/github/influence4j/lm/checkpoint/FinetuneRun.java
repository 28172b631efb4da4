package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.KeptTraining;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.json.SealedJson;
import io.github.influence4j.store.json.StrictJson;
import io.github.influence4j.store.runs.KeptUnits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fine-tunes a model into a checkpoint, and keeps its state now and then.
 *
 * <p>A run that was ended at any moment and is taken up again with the same model, data, options, backend and threads gives the very
 * bytes of one that was not, and repeats the steps since the state that was kept last. A state takes three times the bytes of the
 * weights, and twice that while one replaces another. Beside the checkpoint comes {@code training.json}, which says how it was made.
 *
 * @param source the checkpoint that the model came from
 * @param model the model; not changed
 * @param data the examples
 * @param options how to train
 * @param keepEvery steps from one kept state to the next, positive
 * @param progress is told after every step
 */
public record FinetuneRun(
        Checkpoint source,
        Decoder model,
        PartedData<TokenSequence> data,
        DecoderTrainingOptions options,
        int keepEvery,
        ProgressListener progress) {

    private static final String DONE = "training.json";

    /**
     * What a run came to.
     *
     * @param steps how many there were
     * @param firstLoss mean −log p of a token in the first batch
     * @param lastLoss the same of the last
     */
    public record Result(int steps, double firstLoss, double lastLoss) {}

    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public FinetuneRun {
        if (keepEvery < 1) {
            throw new IllegalArgumentException("a state is kept every so many steps, at least 1, found " + keepEvery);
        }
    }

    /**
     * Trains, or takes up a training.
     *
     * @param out receives the checkpoint when it is complete, and the progress until then
     * @param resume whether to take up the unfinished run that the folder may hold
     * @return what it came to
     * @throws IOException if a file cannot be read or written; the progress stays
     * @throws IllegalArgumentException if the folder holds another model, or there are fewer than two examples
     * @throws IllegalStateException if somebody else is writing to the folder, it holds an unfinished run that is not to be taken up,
     *     or one of another model, data or options
     */
    public Result run(Path out, boolean resume) throws IOException {
        Map<String, String> run = describe();
        try (FolderLock lock = FolderLock.acquire(out)) {
            if (resume && CheckpointWriter.isComplete(out) && Files.exists(out.resolve(DONE))) {
                StrictJson done = SealedJson.read(out.resolve(DONE), "the description of the training");
                KeptUnits.requireDone(out, done.object("run").texts(), run);
                return new Result(done.positive("steps"), done.number("first loss"), done.number("last loss"));
            }
            CheckpointWriter writer = CheckpointWriter.to(out, source, lock);
            KeptUnits kept = KeptUnits.begin(out, run, resume, lock);
            Result result = train(out, writer, kept, run);
            kept.discard();
            return result;
        }
    }

    private Result train(Path out, CheckpointWriter writer, KeptUnits kept, Map<String, String> run)
            throws IOException {
        try (TrainedDecoder trained =
                DecoderTraining.train(model, data, options, new KeptSteps(kept, keepEvery), progress)) {
            List<Double> losses = trained.losses();
            Result result = new Result(losses.size(), losses.get(0), losses.get(losses.size() - 1));
            Map<String, Object> done = new LinkedHashMap<>();
            done.put("run", run);
            done.put("steps", result.steps());
            done.put("first loss", result.firstLoss());
            done.put("last loss", result.lastLoss());
            AtomicFile.write(out.resolve(DONE), SealedJson.write(done));
            writer.write(trained.model());
            return result;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private Map<String, String> describe() throws IOException {
        Map<String, String> run = new LinkedHashMap<>();
        run.put("kind", "finetune");
        run.put("model", model.fingerprint().orElse("unknown"));
        run.put("data", KeptUnits.digest(data));
        run.put("options", options.toString());
        run.put("backend", model.backend().name());
        run.put("precision", model.backend().precision().toString());
        return run;
    }

    /** The steps of a training as units of a run. */
    private record KeptSteps(KeptUnits units, int every) implements KeptTraining {

        @Override
        public Optional<State> last() {
            try {
                return units.last().map(LastSteps::new);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean isDue(int steps) {
            return steps % every == 0;
        }

        @Override
        public void keep(int steps, Map<String, Matrix> matrices) {
            try {
                units.keep(steps, matrices);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private record LastSteps(KeptUnits.Unit unit) implements KeptTraining.State {

        @Override
        public int steps() {
            return unit.units();
        }

        @Override
        public Matrix matrix(String name) {
            return unit.file().matrix(name);
        }

        @Override
        public void close() {
            try {
                unit.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
