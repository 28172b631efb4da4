@NullMarked
package io.github.influence4j.baselines.exact;

import org.jspecify.annotations.NullMarked;
