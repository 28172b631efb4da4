/** From covariances to eigenbases and corrected eigenvalues. */
@NullMarked
package io.github.influence4j.ekfac.eigen;

import org.jspecify.annotations.NullMarked;
