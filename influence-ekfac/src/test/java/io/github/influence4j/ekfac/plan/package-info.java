/** Tests of the planner. */
@NullMarked
package io.github.influence4j.ekfac.plan;

import org.jspecify.annotations.NullMarked;
