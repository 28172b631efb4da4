@NullMarked
package io.github.influence4j.baselines.pbrf;

import org.jspecify.annotations.NullMarked;
