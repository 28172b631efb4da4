/** Results as a page for people and as JSON for programs. */
@NullMarked
package io.github.influence4j.examples.report;

import org.jspecify.annotations.NullMarked;
