@NullMarked
package io.github.influence4j.spark;

import org.jspecify.annotations.NullMarked;
