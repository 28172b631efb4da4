package io.github.influence4j.store.scores;

/** How scores are written. */
public enum ScoreFormat {
    /** Tensors as kronfluence writes them, in float64; the one that is read back. */
    SAFETENSORS,
    /** A line for each score, with a column for each layer. */
    CSV,
    /** NumPy arrays in float64. */
    NPY
}
