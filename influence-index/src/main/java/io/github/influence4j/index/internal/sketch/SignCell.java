package io.github.influence4j.index.internal.sketch;

/** Signs of a row that have one scale between them. */
public interface SignCell {

    /**
     * Returns its place among the cells of all layers, which is that of its scale.
     *
     * @return its index
     */
    int index();

    /**
     * Returns which layer's numbers it is of.
     *
     * @return index of the layer
     */
    int layer();

    /**
     * Returns where its signs begin in a row.
     *
     * @return the first word
     */
    int firstWord();

    /**
     * Returns how many words its signs take.
     *
     * @return words of 64
     */
    int words();

    /**
     * Returns the number of signs; what is left of the last word is 0.
     *
     * @return k
     */
    int bits();
}
