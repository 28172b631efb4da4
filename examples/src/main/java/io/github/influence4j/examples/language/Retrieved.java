package io.github.influence4j.examples.language;

import io.github.influence4j.examples.corpus.Kind;

/**
 * What three rankings of the training sequences found for one query.
 *
 * @param kind what was asked for
 * @param topic number of the fact or quote, or token of the word
 * @param ekfac ranking by influence with EK-FAC
 * @param dotProduct ranking by the dot product of gradients
 * @param tfIdf ranking by shared words
 */
public record Retrieved(Kind kind, int topic, Retrieval ekfac, Retrieval dotProduct, Retrieval tfIdf) {}
