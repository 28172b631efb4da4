/** Influence divided among the tokens of a training sequence, and a flag for sequences whose influence is one token's. */
@NullMarked
package io.github.influence4j.ekfac.token;

import org.jspecify.annotations.NullMarked;
