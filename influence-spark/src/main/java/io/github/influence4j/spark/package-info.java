/** Fits and scores on a cluster with Apache Spark. */
@NullMarked
package io.github.influence4j.spark;

import org.jspecify.annotations.NullMarked;
