package io.github.influence4j.spark;

import io.github.influence4j.api.Provenance;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Scores in rows.
 *
 * @param rows the scores
 * @param provenance how they were made
 */
public record SparkScores(Dataset<Row> rows, Provenance provenance) {}
