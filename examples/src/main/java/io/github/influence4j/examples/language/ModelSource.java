package io.github.influence4j.examples.language;

import java.nio.file.Path;

/** Where the models of the study come from. */
public sealed interface ModelSource {

    /**
     * Says it in words; models that were trained for want of a checkpoint are named elsewhere.
     *
     * @return for the report
     */
    String inWords();

    /**
     * Returns where checkpoints are read from or kept.
     *
     * @return a folder with one {@code NAME.safetensors} for each model
     */
    Path folder();

    /**
     * The checkpoints that come with the study; a model without one is trained.
     *
     * @param folder where checkpoints of models that are trained are kept, made if it is missing
     */
    record Shipped(Path folder) implements ModelSource {
        @Override
        public String inWords() {
            return "checkpoints that come with the study";
        }
    }

    /**
     * Checkpoints that an earlier run kept.
     *
     * @param folder where they are
     */
    record Folder(Path folder) implements ModelSource {
        @Override
        public String inWords() {
            return "checkpoints of an earlier run";
        }
    }

    /**
     * Trained now.
     *
     * @param folder where checkpoints are kept, made if it is missing; files there are replaced
     */
    record Trained(Path folder) implements ModelSource {
        @Override
        public String inWords() {
            return "all trained in this run";
        }
    }
}
