/** Progress and summaries on the console. */
@NullMarked
package io.github.influence4j.examples.console;

import org.jspecify.annotations.NullMarked;
