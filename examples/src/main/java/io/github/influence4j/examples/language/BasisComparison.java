package io.github.influence4j.examples.language;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * EK-FAC's eigenbasis beside that of gradients: which scores are nearer to those of the exact blocks, and which diagonal holds
 * more of the Fisher matrix.
 *
 * @param layers one entry for each seed and layer
 * @param words one entry for each seed and kind of scores: sources of single words of translations that they find
 * @param draws label draws of each sequence in the exact blocks
 * @param sequences training sequences that are scored, and that the curvatures are fitted to
 * @param fitted sequences that the bases of the held-out comparison were fitted to
 * @param heldOut sequences of that comparison
 */
public record BasisComparison(
        List<Layer> layers, List<Words> words, int draws, int sequences, int fitted, int heldOut) {

    /** Copies the lists. */
    public BasisComparison {
        layers = List.copyOf(layers);
        words = List.copyOf(words);
    }

    /**
     * How well one kind of scores finds the sources of single words of translations.
     *
     * @param seed seed of the model
     * @param scores whose scores
     * @param queries one entry for each word
     */
    public record Words(long seed, String scores, List<Retrieval> queries) {

        /** Copies the list. */
        public Words {
            queries = List.copyOf(queries);
        }

        /**
         * Returns the mean precision.
         *
         * @return from 0 to 1
         */
        public double precision() {
            return queries.stream().mapToDouble(Retrieval::precision).average().orElse(Double.NaN);
        }

        /**
         * Returns the mean reciprocal rank.
         *
         * @return from 0 to 1
         */
        public double reciprocalRank() {
            return queries.stream()
                    .mapToDouble(Retrieval::reciprocalRank)
                    .average()
                    .orElse(Double.NaN);
        }
    }

    /**
     * One layer of one model.
     *
     * @param seed seed of the model
     * @param layer name of the layer
     * @param identity without curvature: scores are dot products, the diagonal is that of the parameters' own coordinates
     * @param ekfac eigenvectors of the covariances at positions
     * @param gradient eigenvectors of the second moments of sequences' gradients
     */
    public record Layer(long seed, String layer, Basis identity, Basis ekfac, Basis gradient) {}

    /**
     * How good a basis is.
     *
     * @param pearson for each query, Pearson's correlation with the scores of the exact block
     * @param spearman for each query, Spearman's rank correlation
     * @param explained share of the squared norm of the held-out Fisher matrix that the diagonal holds
     */
    @SuppressWarnings("ArrayRecordComponent") // written out, never compared
    public record Basis(double[] pearson, double[] spearman, double explained) {

        double meanPearson() {
            return Statistics.mean(pearson);
        }

        double meanSpearman() {
            return Statistics.mean(spearman);
        }
    }

    /**
     * Means over layers, and over queries where there are any.
     *
     * @param pearson of Pearson's correlation
     * @param spearman of Spearman's
     * @param explained of the share
     */
    public record Mean(double pearson, double spearman, double explained) {}

    /**
     * Returns the seeds.
     *
     * @return in the order of the run
     */
    public List<Long> seeds() {
        return layers.stream().map(Layer::seed).distinct().toList();
    }

    /**
     * Averages over the layers of one model.
     *
     * @param seed seed of the model
     * @param which picks a basis
     * @return the means
     */
    public Mean mean(long seed, Function<Layer, Basis> which) {
        List<Basis> bases =
                layers.stream().filter(layer -> layer.seed() == seed).map(which).toList();
        return new Mean(
                average(bases, Basis::meanPearson),
                average(bases, Basis::meanSpearman),
                average(bases, Basis::explained));
    }

    private static double average(List<Basis> bases, ToDoubleFunction<Basis> value) {
        return bases.stream().mapToDouble(value).average().orElse(Double.NaN);
    }

    /**
     * Says which basis is better, if one is in every seed.
     *
     * @return two sentences, one for the scores and one for the Fisher matrix
     */
    public String verdict() {
        return "Scores: " + compare(Mean::pearson, Basis::meanPearson) + " Share held: "
                + compare(Mean::explained, Basis::explained);
    }

    private String compare(ToDoubleFunction<Mean> ofSeed, ToDoubleFunction<Basis> ofLayer) {
        List<Long> seeds = seeds();
        long better = seeds.stream()
                .filter(seed -> ofSeed.applyAsDouble(mean(seed, Layer::gradient))
                        > ofSeed.applyAsDouble(mean(seed, Layer::ekfac)))
                .count();
        long layersBetter = layers.stream()
                .filter(layer -> ofLayer.applyAsDouble(layer.gradient()) > ofLayer.applyAsDouble(layer.ekfac()))
                .count();
        String who = better == seeds.size()
                ? "the gradients' directions are better in every seed"
                : better == 0 ? "EK-FAC's directions are better in every seed" : "neither is better in every seed";
        return who + " (the gradients' in " + better + " of " + seeds.size() + " seeds and " + layersBetter + " of "
                + layers.size() + " layers).";
    }
}
