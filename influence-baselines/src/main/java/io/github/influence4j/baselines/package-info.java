/** The estimators that EK-FAC is judged against: similarities of gradients, and exact answers for small models. */
@NullMarked
package io.github.influence4j.baselines;

import org.jspecify.annotations.NullMarked;
