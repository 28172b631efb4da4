/** The study {@code sequences}: estimators on a language model, held against models that were trained without what they name. */
@NullMarked
package io.github.influence4j.examples.sequences;

import org.jspecify.annotations.NullMarked;
