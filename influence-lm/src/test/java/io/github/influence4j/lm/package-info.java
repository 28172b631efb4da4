@NullMarked
package io.github.influence4j.lm;

import org.jspecify.annotations.NullMarked;
