@NullMarked
package io.github.influence4j.baselines.validation;

import org.jspecify.annotations.NullMarked;
