/** How unevenly influence is spread, and how much of a corpus must be scanned to find most of it. */
@NullMarked
package io.github.influence4j.text.tail;

import org.jspecify.annotations.NullMarked;
