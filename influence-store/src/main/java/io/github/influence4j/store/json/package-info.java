/** JSON from files that are not trusted. */
@NullMarked
package io.github.influence4j.store.json;

import org.jspecify.annotations.NullMarked;
