/** From eigenbases and eigenvalues to inverse-Hessian-vector products. */
@NullMarked
package io.github.influence4j.ekfac.internal.solve;

import org.jspecify.annotations.NullMarked;
