/**
 * The native backend: ND4J holds the memory, on the CPU or on a CUDA device, whichever ND4J finds on the class path. On
 * the CPU products and decompositions go straight to OpenBLAS, because ND4J's own are slow or wrong.
 */
@NullMarked
package io.github.influence4j.nd4j;

import org.jspecify.annotations.NullMarked;
