@NullMarked
package io.github.influence4j.text.token;

import org.jspecify.annotations.NullMarked;
