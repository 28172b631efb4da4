/** Cuts text into tokens, with vocabularies small enough for small models. */
@NullMarked
package io.github.influence4j.text.token;

import org.jspecify.annotations.NullMarked;
