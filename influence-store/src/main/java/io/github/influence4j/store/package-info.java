/** What the stores of captures, factors and scores share. */
@NullMarked
package io.github.influence4j.store;

import org.jspecify.annotations.NullMarked;
