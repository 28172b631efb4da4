/** What a fit and its scores will need, in flops, memory, disk and time, before anything runs. */
@NullMarked
package io.github.influence4j.ekfac.plan;

import org.jspecify.annotations.NullMarked;
