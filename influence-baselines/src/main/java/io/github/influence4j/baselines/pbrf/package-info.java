/**
 * The proximal Bregman response function: what influence functions of a network that is not at a minimum predict, found by
 * minimising (paper, section 2.1.1).
 */
@NullMarked
package io.github.influence4j.baselines.pbrf;

import org.jspecify.annotations.NullMarked;
