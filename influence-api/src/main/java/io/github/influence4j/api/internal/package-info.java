/** What the library's own modules share and nobody else needs. */
@NullMarked
package io.github.influence4j.api.internal;

import org.jspecify.annotations.NullMarked;
