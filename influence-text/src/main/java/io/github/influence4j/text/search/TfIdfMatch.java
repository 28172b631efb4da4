package io.github.influence4j.text.search;

/**
 * One sequence that shares tokens with a query.
 *
 * @param id the sequence's id
 * @param score Σ of IDF(t) over the tokens t of the query that occur in the sequence
 */
public record TfIdfMatch(long id, double score) {}
