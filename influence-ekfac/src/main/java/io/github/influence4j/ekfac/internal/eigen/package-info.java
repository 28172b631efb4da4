/** From covariances to eigenbases and corrected eigenvalues. */
@NullMarked
package io.github.influence4j.ekfac.internal.eigen;

import org.jspecify.annotations.NullMarked;
