package io.github.influence4j.examples.language;

import io.github.influence4j.baselines.retraining.PairedBootstrap;
import io.github.influence4j.examples.corpus.Kind;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Means over the queries of one kind, and how EK-FAC compares with the others on the same queries.
 *
 * @param queries number of queries
 * @param relevant mean number of sequences that state the answer
 * @param ekfac means with EK-FAC
 * @param dotProduct means with the dot product of gradients
 * @param tfIdf means with shared words
 * @param precisionOverDotProduct EK-FAC's precision less the dot product's
 * @param precisionOverTfIdf EK-FAC's precision less TF-IDF's
 * @param rankOverDotProduct EK-FAC's reciprocal rank less the dot product's
 * @param rankOverTfIdf EK-FAC's reciprocal rank less TF-IDF's
 */
public record RetrievalTable(
        int queries,
        double relevant,
        Means ekfac,
        Means dotProduct,
        Means tfIdf,
        PairedBootstrap precisionOverDotProduct,
        PairedBootstrap precisionOverTfIdf,
        PairedBootstrap rankOverDotProduct,
        PairedBootstrap rankOverTfIdf) {

    /**
     * Means of one ranking.
     *
     * @param precision precision at min(10, R)
     * @param reciprocalRank mean reciprocal rank
     */
    public record Means(double precision, double reciprocalRank) {}

    static String name(Kind kind) {
        return switch (kind) {
            case FACT -> "facts";
            case QUOTE -> "quotes";
            case TRANSLATION -> "words of translations";
            case REVERSED, FILLER -> throw new IllegalArgumentException("nothing asks for " + kind);
        };
    }

    static RetrievalTable of(List<Retrieved> group, long seed) {
        return new RetrievalTable(
                group.size(),
                group.stream().mapToInt(one -> one.ekfac().relevant()).average().orElse(0),
                means(group, Retrieved::ekfac),
                means(group, Retrieved::dotProduct),
                means(group, Retrieved::tfIdf),
                compare(group, Retrieved::dotProduct, Retrieval::precision, seed),
                compare(group, Retrieved::tfIdf, Retrieval::precision, seed),
                compare(group, Retrieved::dotProduct, Retrieval::reciprocalRank, seed),
                compare(group, Retrieved::tfIdf, Retrieval::reciprocalRank, seed));
    }

    private static Means means(List<Retrieved> group, Function<Retrieved, Retrieval> estimator) {
        return new Means(
                Statistics.mean(values(group, estimator, Retrieval::precision)),
                Statistics.mean(values(group, estimator, Retrieval::reciprocalRank)));
    }

    private static PairedBootstrap compare(
            List<Retrieved> group, Function<Retrieved, Retrieval> other, ToDoubleFunction<Retrieval> value, long seed) {
        return PairedBootstrap.of(values(group, Retrieved::ekfac, value), values(group, other, value), seed);
    }

    private static double[] values(
            List<Retrieved> group, Function<Retrieved, Retrieval> estimator, ToDoubleFunction<Retrieval> value) {
        return group.stream().map(estimator).mapToDouble(value).toArray();
    }
}
