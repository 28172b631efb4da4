@NullMarked
package io.github.influence4j.baselines.iterative;

import org.jspecify.annotations.NullMarked;
