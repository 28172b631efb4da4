/** Signs of random projections of whitened gradients. */
@NullMarked
package io.github.influence4j.index.internal.sketch;

import org.jspecify.annotations.NullMarked;
