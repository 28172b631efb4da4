/**
 * EK-FAC and its relatives: fit a curvature to a model, then score training examples with it.
 *
 * <p>{@code options} says how, {@code plan} what it will need, {@code token} looks at single tokens. What is {@code internal}
 * may change at any time; its packages follow the stages: {@code factor} (captures to covariances), {@code eigen} (eigenbases
 * and corrected eigenvalues), {@code fit} (both passes), {@code solve} (inverse-Hessian-vector products), {@code score}
 * (influence scores). Dependencies go one way: this package on {@code internal}, {@code internal} on {@code options}.
 */
@NullMarked
package io.github.influence4j.ekfac;

import org.jspecify.annotations.NullMarked;
