@NullMarked
package io.github.influence4j.linalg;

import org.jspecify.annotations.NullMarked;
