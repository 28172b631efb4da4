/** Gradients divided by the root of the damped curvature. */
@NullMarked
package io.github.influence4j.index.internal.whiten;

import org.jspecify.annotations.NullMarked;
