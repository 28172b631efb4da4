/** Influence functions for PyTorch models of the Deep Java Library that are built from its blocks. */
@NullMarked
package io.github.influence4j.djl;

import org.jspecify.annotations.NullMarked;
