package io.github.influence4j.examples.language;

import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.text.tail.Alternative;
import io.github.influence4j.text.tail.Coverage;
import io.github.influence4j.text.tail.LikelihoodRatio;
import io.github.influence4j.text.tail.PowerLaw;

/**
 * The tail of one query's influence.
 *
 * @param kind what was asked for
 * @param topic number of the fact or quote
 * @param law power law of the largest scores
 * @param goodness Kolmogorov-Smirnov p of the law
 * @param againstExponential power law or exponential
 * @param againstLogNormal power law or log-normal
 * @param topShare share of the positive influence that the top 1 % of the sequences carry
 */
public record QueryTail(
        Kind kind,
        int topic,
        PowerLaw law,
        double goodness,
        LikelihoodRatio againstExponential,
        LikelihoodRatio againstLogNormal,
        double topShare) {

    private static final double TOP = 0.01;
    private static final int LEAST_TAIL = 10;

    static int size(int sequences) {
        return Math.max(LEAST_TAIL, (int) Math.round(TOP * sequences));
    }

    static QueryTail of(Kind kind, int topic, double[] scores) {
        int k = size(scores.length);
        PowerLaw law = PowerLaw.fit(scores, k);
        return new QueryTail(
                kind,
                topic,
                law,
                law.goodness(scores, PowerLaw.BOOTSTRAPS, topic),
                Alternative.EXPONENTIAL.against(scores, k),
                Alternative.LOG_NORMAL.against(scores, k),
                Coverage.ofTop(scores, TOP));
    }
}
