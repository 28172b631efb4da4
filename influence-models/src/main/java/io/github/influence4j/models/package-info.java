/**
 * Small reference networks that offer everything the estimators ask of a model, and a training loop for them.
 *
 * <p>They stand on {@link io.github.influence4j.linalg.MatrixBackend} and run in whatever precision the backend has.
 * What is large, the products of a batch with the weights, runs in the backend; what is elementwise or small, the
 * activation functions and the loss of each example, runs in float64 on the host.
 */
@NullMarked
package io.github.influence4j.models;

import org.jspecify.annotations.NullMarked;
