@NullMarked
package io.github.influence4j.index.internal.coordinate;

import org.jspecify.annotations.NullMarked;
