/** The study {@code index}: how near the answers of an index come to full EK-FAC, beside what others keep of a gradient. */
@NullMarked
package io.github.influence4j.examples.index;

import org.jspecify.annotations.NullMarked;
