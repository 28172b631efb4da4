/** Hosts and data sets that break their contract, by name, and what becomes of each. */
@NullMarked
package io.github.influence4j.ekfac.broken;

import org.jspecify.annotations.NullMarked;
