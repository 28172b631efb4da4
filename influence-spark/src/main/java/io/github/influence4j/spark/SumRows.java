package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.io.Serializable;

/**
 * Some rows of a float64 matrix of sums.
 *
 * @param columns how many columns the matrix has
 * @param numbers the rows, one after the other
 */
@SuppressWarnings("ArrayRecordComponent") // a record of the shuffle, never compared
@DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
record SumRows(int columns, double[] numbers) implements Serializable {}
