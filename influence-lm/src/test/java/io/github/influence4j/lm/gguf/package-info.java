@NullMarked
package io.github.influence4j.lm.gguf;

import org.jspecify.annotations.NullMarked;
