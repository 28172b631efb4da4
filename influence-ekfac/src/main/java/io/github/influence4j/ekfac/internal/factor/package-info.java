/** From captures to covariances: the checked and uploaded captures of a batch, and the mean outer products of a layer's inputs and output gradients. */
@NullMarked
package io.github.influence4j.ekfac.internal.factor;

import org.jspecify.annotations.NullMarked;
