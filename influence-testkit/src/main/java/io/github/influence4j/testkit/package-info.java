/** Matrix assertions and tolerances for the tests of this library and of its hosts. */
@NullMarked
package io.github.influence4j.testkit;

import org.jspecify.annotations.NullMarked;
