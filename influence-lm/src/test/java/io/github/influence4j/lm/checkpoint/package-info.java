@NullMarked
package io.github.influence4j.lm.checkpoint;

import org.jspecify.annotations.NullMarked;
