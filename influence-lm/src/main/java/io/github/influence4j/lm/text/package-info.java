/** Tokenisers, chat templates, and text as examples. */
@NullMarked
package io.github.influence4j.lm.text;

import org.jspecify.annotations.NullMarked;
