@NullMarked
package io.github.influence4j.openblas.internal;

import org.jspecify.annotations.NullMarked;
