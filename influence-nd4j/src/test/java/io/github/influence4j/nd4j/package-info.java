@NullMarked
package io.github.influence4j.nd4j;

import org.jspecify.annotations.NullMarked;
