@NullMarked
package io.github.influence4j.linalg.internal;

import org.jspecify.annotations.NullMarked;
