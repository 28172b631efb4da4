@NullMarked
package io.github.influence4j.openblas;

import org.jspecify.annotations.NullMarked;
