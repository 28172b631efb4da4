/** The texts that the language study trains on: a synthetic language whose every sentence is known, and real verses. */
@NullMarked
package io.github.influence4j.examples.corpus;

import org.jspecify.annotations.NullMarked;
