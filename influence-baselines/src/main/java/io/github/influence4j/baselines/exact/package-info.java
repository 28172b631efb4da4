/**
 * The exact damped Gauss-Newton matrix of small models: the answer that approximations are judged against.
 *
 * <p>G = (1/N) Σ_z Σ_k g_zk g_zkᵀ = (1/N) BᵀB, where g_zk is the gradient of example z for column k of the root of the
 * output Hessian. B has one row for each pair (z, k), N·C in all, and one column for each of the D parameters. Everything
 * is computed in float64.
 */
@NullMarked
package io.github.influence4j.baselines.exact;

import org.jspecify.annotations.NullMarked;
