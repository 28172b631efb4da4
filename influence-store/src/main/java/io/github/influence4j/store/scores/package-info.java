/** Scores in files: safetensors in kronfluence's layout, CSV, and NumPy arrays. */
@NullMarked
package io.github.influence4j.store.scores;

import org.jspecify.annotations.NullMarked;
