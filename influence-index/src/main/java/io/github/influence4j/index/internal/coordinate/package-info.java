/** Which coordinates of whitened gradients an index keeps, and how their numbers become signs. */
@NullMarked
package io.github.influence4j.index.internal.coordinate;

import org.jspecify.annotations.NullMarked;
