package io.github.influence4j.examples.validation;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;

/**
 * How far a layer-wise estimator is from the exact matrix of each layer, which it approximates, on gradients and in random
 * directions. It tells apart what its eigenvalues do and what leaving the layers apart does.
 *
 * @param pearson mean over the queries of the correlation with the exact blocks' scores of all training examples
 * @param error mean of the norm of the difference of scores, relative to the exact blocks'
 * @param slope mean of the scores' regression on the exact blocks', through the origin; above 1 where they overstate influence
 * @param randomError mean of the norm of the difference of (G+λ)⁻¹v, relative to the exact blocks', for normal random v
 */
public record BlockDistance(double pearson, double error, double slope, double randomError) {

    private static final int DIRECTIONS = 10;
    private static final long SEED = 7;

    static BlockDistance between(
            InfluenceScores scores, IhvpSolver solver, InfluenceScores blockScores, IhvpSolver blockSolver) {
        int queries = scores.queryIds().length;
        double[] pearson = new double[queries];
        double[] error = new double[queries];
        double[] slope = new double[queries];
        for (int q = 0; q < queries; q++) {
            RealVector found = new ArrayRealVector(scores.row(q), false);
            RealVector block = new ArrayRealVector(blockScores.row(q), false);
            pearson[q] = new PearsonsCorrelation().correlation(found.toArray(), block.toArray());
            error[q] = found.getDistance(block) / block.getNorm();
            slope[q] = found.dotProduct(block) / block.dotProduct(block);
        }
        List<LayerGradients> directions = directions(solver.layers());
        List<LayerGradients> solved = solver.solveAll(directions);
        List<LayerGradients> blockSolved = blockSolver.solveAll(directions);
        double[] random = IntStream.range(0, DIRECTIONS)
                .mapToDouble(k -> {
                    RealVector block = new ArrayRealVector(blockSolved.get(k).toFlat(), false);
                    return new ArrayRealVector(solved.get(k).toFlat(), false).getDistance(block) / block.getNorm();
                })
                .toArray();
        return new BlockDistance(
                StatUtils.mean(pearson), StatUtils.mean(error), StatUtils.mean(slope), StatUtils.mean(random));
    }

    private static List<LayerGradients> directions(List<LayerSpec> layers) {
        int length =
                Math.toIntExact(layers.stream().mapToLong(LayerSpec::parameters).sum());
        Random random = new Random(SEED);
        return IntStream.range(0, DIRECTIONS)
                .mapToObj(k -> {
                    double[] direction = new double[length];
                    Arrays.setAll(direction, j -> random.nextGaussian());
                    return LayerGradients.ofFlat(layers, direction);
                })
                .toList();
    }

    /** Means over networks. */
    static BlockDistance mean(List<BlockDistance> ofNetworks) {
        return new BlockDistance(
                ofNetworks.stream()
                        .mapToDouble(BlockDistance::pearson)
                        .average()
                        .orElse(Double.NaN),
                ofNetworks.stream().mapToDouble(BlockDistance::error).average().orElse(Double.NaN),
                ofNetworks.stream().mapToDouble(BlockDistance::slope).average().orElse(Double.NaN),
                ofNetworks.stream()
                        .mapToDouble(BlockDistance::randomError)
                        .average()
                        .orElse(Double.NaN));
    }
}
