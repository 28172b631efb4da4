/**
 * EK-FAC and its relatives: fit a curvature to a model, then solve with it and score with it.
 *
 * <p>The sub-packages follow the stages: {@code factor} (captures to covariances), {@code eigen} (eigenbases and corrected
 * eigenvalues), {@code solve} (inverse-Hessian-vector products), {@code score} (influence scores).
 */
@NullMarked
package io.github.influence4j.ekfac;

import org.jspecify.annotations.NullMarked;
