/** From eigenbases and eigenvalues to inverse-Hessian-vector products. */
@NullMarked
package io.github.influence4j.ekfac.solve;

import org.jspecify.annotations.NullMarked;
