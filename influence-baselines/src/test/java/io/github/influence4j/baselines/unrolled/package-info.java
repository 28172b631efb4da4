@NullMarked
package io.github.influence4j.baselines.unrolled;

import org.jspecify.annotations.NullMarked;
