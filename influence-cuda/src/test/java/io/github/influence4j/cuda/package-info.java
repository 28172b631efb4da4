@NullMarked
package io.github.influence4j.cuda;

import org.jspecify.annotations.NullMarked;
