package io.github.influence4j.spark;

import java.io.Serializable;

/**
 * Some rows of a float64 matrix of sums.
 *
 * @param columns how many columns the matrix has
 * @param numbers the rows, one after the other
 */
@SuppressWarnings("ArrayRecordComponent") // a record of the shuffle, never compared
record SumRows(int columns, double[] numbers) implements Serializable {}
