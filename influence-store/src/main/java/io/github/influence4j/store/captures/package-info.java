/**
 * Captures in files: written by any framework, read as a {@link io.github.influence4j.api.GradientProvider}. The format is
 * described in {@code docs/captures.md}.
 */
@NullMarked
package io.github.influence4j.store.captures;

import org.jspecify.annotations.NullMarked;
