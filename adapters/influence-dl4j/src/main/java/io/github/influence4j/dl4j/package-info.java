/** Influence functions for networks of Deeplearning4j. */
@NullMarked
package io.github.influence4j.dl4j;

import org.jspecify.annotations.NullMarked;
