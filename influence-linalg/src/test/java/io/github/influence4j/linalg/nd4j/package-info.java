@NullMarked
package io.github.influence4j.linalg.nd4j;

import org.jspecify.annotations.NullMarked;
