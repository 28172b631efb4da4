/** The quickstart: which training images made a network of handwritten digits answer as it does? */
@NullMarked
package io.github.influence4j.examples.quickstart;

import org.jspecify.annotations.NullMarked;
