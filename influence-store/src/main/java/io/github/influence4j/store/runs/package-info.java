/** Fits and scores of capture files that can be stopped at any moment and taken up again. */
@NullMarked
package io.github.influence4j.store.runs;

import org.jspecify.annotations.NullMarked;
