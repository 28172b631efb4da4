/**
 * The contracts of influence4j: what a host application implements and what it gets back.
 *
 * <h2>Letters for shapes</h2>
 *
 * <ul>
 *   <li>n examples of a batch, N examples of a data set;
 *   <li>t positions of an example at a layer (tokens or image patches; 1 where a layer runs once an example);
 *   <li>i inputs of a layer, the constant 1 of the bias included where the layer has one (always the last column);
 *   <li>o outputs of a layer.
 * </ul>
 *
 * <p>Gradients and corrected eigenvalues are [o, i], activation covariances [i, i], gradient covariances [o, o],
 * scores [queries, train]. Everything is row-major.
 *
 * <h2>Sign and scale</h2>
 *
 * <p>A query is the gradient of something to be <em>lowered</em> (a loss, or −log p). The score of a training example is
 * qᵀ(G+λI)⁻¹r, so that <b>positive means helpful</b>: more weight on that example lowers the query's loss. Scores are per
 * unit of weight, as in kronfluence; divide by N for the change that one more copy of the example would make.
 *
 * <p>Source of the method: Grosse et al. 2023, <i>Studying Large Language Model Generalization with Influence
 * Functions</i>, arXiv 2308.03296.
 */
@NullMarked
package io.github.influence4j.api;

import org.jspecify.annotations.NullMarked;
