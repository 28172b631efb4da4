/** An index of whitened gradients: build it once, ask it often. */
@NullMarked
package io.github.influence4j.index;

import org.jspecify.annotations.NullMarked;
