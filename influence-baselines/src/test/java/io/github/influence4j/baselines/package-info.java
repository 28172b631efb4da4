@NullMarked
package io.github.influence4j.baselines;

import org.jspecify.annotations.NullMarked;
