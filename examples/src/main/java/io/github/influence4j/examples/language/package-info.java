/** The study {@code language}: the claims of Grosse et al. 2023 about language models, on small ones that are trained here. */
@NullMarked
package io.github.influence4j.examples.language;

import org.jspecify.annotations.NullMarked;
