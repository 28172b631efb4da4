package io.github.influence4j.examples.language;

import io.github.influence4j.baselines.retraining.PairedBootstrap;
import java.util.List;
import org.apache.commons.math3.stat.inference.AlternativeHypothesis;
import org.apache.commons.math3.stat.inference.BinomialTest;

/**
 * One model of the real text.
 *
 * @param name its size in words
 * @param width numbers of a hidden state
 * @param blocks number of blocks
 * @param parameters number of weights
 * @param trainingLoss mean loss of a token of the training sequences, in nats
 * @param heldOutLoss mean loss of a token of the held-out Spanish verses, in nats
 * @param verses one entry for each held-out Spanish verse
 */
public record VerseModel(
        String name,
        int width,
        int blocks,
        long parameters,
        double trainingLoss,
        double heldOutLoss,
        List<CrossLingual> verses) {

    private static final long SEED = 5;

    /** Copies the list. */
    public VerseModel {
        verses = List.copyOf(verses);
    }

    /**
     * Returns the median place of the counterparts.
     *
     * @return share of English verses with less influence
     */
    public double median() {
        return Statistics.median(places());
    }

    /**
     * Returns the median place of the counterparts by the dot product of gradients.
     *
     * @return share of English verses with less influence
     */
    public double medianOfDotProduct() {
        return Statistics.median(
                verses.stream().mapToDouble(CrossLingual::dotProduct).toArray());
    }

    /**
     * Returns the median place of the counterparts by shared tokens.
     *
     * @return share of English verses that share less
     */
    public double medianOfTfIdf() {
        return Statistics.median(
                verses.stream().mapToDouble(CrossLingual::tfIdf).toArray());
    }

    /**
     * Returns for how many verses the counterpart ranks above the median.
     *
     * @return a share of the held-out verses
     */
    public double aboveMedian() {
        return verses.stream().filter(verse -> verse.ekfac() > 0.5).count() / (double) verses.size();
    }

    /**
     * Returns for how many verses the counterpart is among the tenth of the English verses that rank highest.
     *
     * @return a share of the held-out verses; 0.1 by chance
     */
    public double topTenth() {
        return verses.stream().filter(verse -> verse.ekfac() > 0.9).count() / (double) verses.size();
    }

    /**
     * Returns how likely a share of verses this far from half, either way, would be by chance.
     *
     * @return p of the binomial test
     */
    public double chance() {
        int above = (int) verses.stream().filter(verse -> verse.ekfac() > 0.5).count();
        return new BinomialTest().binomialTest(verses.size(), above, 0.5, AlternativeHypothesis.TWO_SIDED);
    }

    /**
     * Compares the places of the same verses' counterparts in two models.
     *
     * @param smaller another model, asked about the same verses
     * @return mean of the places in this model minus mean of those in the other
     */
    public PairedBootstrap growthOver(VerseModel smaller) {
        return PairedBootstrap.of(places(), smaller.places(), SEED);
    }

    private double[] places() {
        return verses.stream().mapToDouble(CrossLingual::ekfac).toArray();
    }

    /**
     * Returns the mean share of English among the most influential sequences.
     *
     * @return from 0 to 1
     */
    public double english() {
        return Statistics.mean(
                verses.stream().mapToDouble(CrossLingual::english).toArray());
    }
}
