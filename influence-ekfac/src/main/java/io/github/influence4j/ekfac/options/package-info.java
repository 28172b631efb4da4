/** How curvatures are fitted and training examples scored. */
@NullMarked
package io.github.influence4j.ekfac.options;

import org.jspecify.annotations.NullMarked;
