@NullMarked
package io.github.influence4j.text.search;

import org.jspecify.annotations.NullMarked;
