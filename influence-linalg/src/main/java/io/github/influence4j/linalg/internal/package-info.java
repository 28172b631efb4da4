/** What the library's own modules share of loops over numbers and nobody else needs. */
@NullMarked
package io.github.influence4j.linalg.internal;

import org.jspecify.annotations.NullMarked;
