/** The studies that show what the library does on real data, and the command that runs them. */
@NullMarked
package io.github.influence4j.examples;

import org.jspecify.annotations.NullMarked;
