/** From solvers to influence scores: pairwise, self, per layer, per token. */
@NullMarked
package io.github.influence4j.ekfac.internal.score;

import org.jspecify.annotations.NullMarked;
