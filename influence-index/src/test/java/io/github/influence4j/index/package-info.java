@NullMarked
package io.github.influence4j.index;

import org.jspecify.annotations.NullMarked;
