@NullMarked
package io.github.influence4j.cli;

import org.jspecify.annotations.NullMarked;
