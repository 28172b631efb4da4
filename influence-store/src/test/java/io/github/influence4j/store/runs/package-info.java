@NullMarked
package io.github.influence4j.store.runs;

import org.jspecify.annotations.NullMarked;
