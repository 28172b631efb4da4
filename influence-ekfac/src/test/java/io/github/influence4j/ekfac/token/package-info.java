@NullMarked
package io.github.influence4j.ekfac.token;

import org.jspecify.annotations.NullMarked;
