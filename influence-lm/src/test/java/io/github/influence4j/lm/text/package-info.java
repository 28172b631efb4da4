@NullMarked
package io.github.influence4j.lm.text;

import org.jspecify.annotations.NullMarked;
