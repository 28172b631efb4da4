/** What runs of this module and of the index share; not for users. */
@NullMarked
package io.github.influence4j.store.internal;

import org.jspecify.annotations.NullMarked;
