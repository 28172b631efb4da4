/** The files of an index. */
@NullMarked
package io.github.influence4j.index.internal.file;

import org.jspecify.annotations.NullMarked;
