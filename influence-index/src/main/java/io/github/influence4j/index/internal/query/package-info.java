/** Passes over the rows of an index. */
@NullMarked
package io.github.influence4j.index.internal.query;

import org.jspecify.annotations.NullMarked;
