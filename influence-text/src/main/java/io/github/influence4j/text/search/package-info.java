/** Chooses, before any gradient is computed, the training sequences that share words with a query. */
@NullMarked
package io.github.influence4j.text.search;

import org.jspecify.annotations.NullMarked;
