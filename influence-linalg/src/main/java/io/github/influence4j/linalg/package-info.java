/**
 * The dense kernels that the estimators are made of, behind one interface, {@link
 * io.github.influence4j.linalg.MatrixBackend}, so that the same code runs on native BLAS, on a GPU and in pure Java.
 */
@NullMarked
package io.github.influence4j.linalg;

import org.jspecify.annotations.NullMarked;
