/** The study that holds every estimator against the truth on small real data sets. */
@NullMarked
package io.github.influence4j.examples.validation;

import org.jspecify.annotations.NullMarked;
