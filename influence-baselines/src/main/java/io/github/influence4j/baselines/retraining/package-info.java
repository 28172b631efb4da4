/** What really happens when models are trained again on parts of the data: the truth that attribution predicts. */
@NullMarked
package io.github.influence4j.baselines.retraining;

import org.jspecify.annotations.NullMarked;
