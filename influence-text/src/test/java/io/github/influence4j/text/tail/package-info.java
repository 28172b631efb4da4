@NullMarked
package io.github.influence4j.text.tail;

import org.jspecify.annotations.NullMarked;
