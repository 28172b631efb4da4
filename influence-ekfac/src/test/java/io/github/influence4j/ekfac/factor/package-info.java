/** Tests of covariances, their blocks and the memory of factors. */
@NullMarked
package io.github.influence4j.ekfac.factor;

import org.jspecify.annotations.NullMarked;
