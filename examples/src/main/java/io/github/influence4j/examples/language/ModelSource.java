package io.github.influence4j.examples.language;

import java.nio.file.Path;

/** Where the models of the study come from. */
public sealed interface ModelSource {

    /**
     * Says it in words.
     *
     * @return for the report
     */
    String inWords();

    /** The checkpoints that come with the study. */
    record Shipped() implements ModelSource {
        @Override
        public String inWords() {
            return "checkpoint that comes with the study";
        }
    }

    /**
     * Checkpoints that an earlier run kept.
     *
     * @param folder holds one {@code NAME.safetensors} for each model
     */
    record Folder(Path folder) implements ModelSource {
        @Override
        public String inWords() {
            return "checkpoint of an earlier run";
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
            return "trained in this run";
        }
    }
}
