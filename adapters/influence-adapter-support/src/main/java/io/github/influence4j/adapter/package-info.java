/** What adapters are made of: patches of convolutions, gradients at the outputs, the last layer of any model. */
@NullMarked
package io.github.influence4j.adapter;

import org.jspecify.annotations.NullMarked;
