/** Tests of covariances, their blocks and the memory of factors. */
@NullMarked
package io.github.influence4j.ekfac.internal.factor;

import org.jspecify.annotations.NullMarked;
