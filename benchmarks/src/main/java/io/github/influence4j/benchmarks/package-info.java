/** Measurements: JMH suites for every stage, and the comparison with kronfluence on the same work. */
@NullMarked
package io.github.influence4j.benchmarks;

import org.jspecify.annotations.NullMarked;
