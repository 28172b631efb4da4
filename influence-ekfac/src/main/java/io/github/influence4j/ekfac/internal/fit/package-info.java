/** Both passes over a data set and the decomposition between them: from a model to a curvature. */
@NullMarked
package io.github.influence4j.ekfac.internal.fit;

import org.jspecify.annotations.NullMarked;
