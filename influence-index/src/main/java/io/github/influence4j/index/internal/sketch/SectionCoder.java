package io.github.influence4j.index.internal.sketch;

/** How a section of an index keeps whitened gradients as signs, and questions as what is added up over them. */
public interface SectionCoder {

    /**
     * Returns what is kept.
     *
     * @return the layout of the rows
     */
    SignLayout layout();

    /**
     * Begins a question.
     *
     * @param id its id
     * @return what {@link Task#ask} fills
     */
    QuerySketch question(long id);

    /**
     * Makes what works on one example after the other.
     *
     * @return for one thread
     */
    Task task();

    /** Works on one example after the other, with memory of its own. For one thread. */
    interface Task {

        /**
         * Keeps a training example's gradient of one layer.
         *
         * @param layer index of the layer
         * @param gradients holds its whitened gradient
         * @param offset where it begins
         * @param rows receive it
         * @param example index of its row
         */
        void keep(int layer, float[] gradients, int offset, SignRows rows, int example);

        /**
         * Takes a question's gradient of one layer.
         *
         * @param layer index of the layer
         * @param gradients holds its whitened gradient
         * @param offset where it begins
         * @param question receives it
         */
        void ask(int layer, float[] gradients, int offset, QuerySketch question);
    }
}
