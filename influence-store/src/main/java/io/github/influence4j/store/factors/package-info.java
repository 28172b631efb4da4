/** Fitted factors in a folder, in the layout and with the tensor names of kronfluence. */
@NullMarked
package io.github.influence4j.store.factors;

import org.jspecify.annotations.NullMarked;
