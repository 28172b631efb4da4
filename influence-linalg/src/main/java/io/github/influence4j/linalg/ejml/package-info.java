/** The pure Java backend in float64: the reference that the others are tested against, and the fallback. */
@NullMarked
package io.github.influence4j.linalg.ejml;

import org.jspecify.annotations.NullMarked;
