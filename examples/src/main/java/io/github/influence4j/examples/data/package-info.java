/** The handwritten digits, their split and the labels that are flipped on purpose. */
@NullMarked
package io.github.influence4j.examples.data;

import org.jspecify.annotations.NullMarked;
