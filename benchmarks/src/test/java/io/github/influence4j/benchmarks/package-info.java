@NullMarked
package io.github.influence4j.benchmarks;

import org.jspecify.annotations.NullMarked;
