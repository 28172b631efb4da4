/** Estimators held against a truth: proximal Bregman responses, exact solutions, retrained models. */
@NullMarked
package io.github.influence4j.baselines.validation;

import org.jspecify.annotations.NullMarked;
