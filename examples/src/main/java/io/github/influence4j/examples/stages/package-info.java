/** Keeps what a study has finished, so that it can be stopped at any moment. */
@NullMarked
package io.github.influence4j.examples.stages;

import org.jspecify.annotations.NullMarked;
