/** The code of the documentation, compiled. */
@NullMarked
package io.github.influence4j.examples.snippets;

import org.jspecify.annotations.NullMarked;
