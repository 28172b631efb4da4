/**
 * What every backend must do. Another module runs these tests on its backend from this module's test jar, with the system property
 * {@code influence.test.backend} naming it.
 */
@NullMarked
package io.github.influence4j.linalg.conformance;

import org.jspecify.annotations.NullMarked;
