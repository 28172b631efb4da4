@NullMarked
package io.github.influence4j.baselines.retraining;

import org.jspecify.annotations.NullMarked;
