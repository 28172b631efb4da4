package io.github.influence4j.examples.language;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.examples.corpus.Prompt;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Claim 6: covariances can be cut into diagonal blocks. */
final class SplitClaim {

    private static final int[] BLOCKS = {2, 4, 8, 16};

    private SplitClaim() {}

    /** {@code whole}: the scores of the same prompts with covariances in one piece. */
    static Claim measure(SyntheticBed bed, List<Prompt> prompts, InfluenceScores whole) {
        Map<String, Object> measured = new LinkedHashMap<>();
        Map<String, Double> mean = new LinkedHashMap<>();
        Map<String, double[]> perQuery = new LinkedHashMap<>();
        Map<String, Long> numbers = new LinkedHashMap<>();
        Map<String, Long> expected = new LinkedHashMap<>();
        boolean exact = true;
        for (int blocks : BLOCKS) {
            try (EigenbasisCurvature curvature = bed.fit(FitOptions.defaults().withBlocks(blocks), bed.train());
                    IhvpSolver solver = curvature.solver(Damping.DEFAULT)) {
                double[] correlations = Statistics.pearson(whole, bed.scores(solver, prompts));
                mean.put("O=" + blocks, Statistics.mean(correlations));
                perQuery.put("O=" + blocks, correlations);
                long kept = curvature.layerCurvatures().stream()
                        .mapToLong(SplitClaim::kept)
                        .sum();
                numbers.put("O=" + blocks, kept);
                long wanted = curvature.layers().stream()
                        .mapToLong(layer -> formula(layer, blocks))
                        .sum();
                expected.put("O=" + blocks, wanted);
                exact &= kept == wanted;
            }
        }
        measured.put("mean Pearson to O=1", mean);
        measured.put("Pearson per query", perQuery);
        measured.put("numbers in the eigenvectors", numbers);
        measured.put("numbers by the formula", expected);
        measured.put(
                "numbers at O=1",
                bed.model().layers().stream().mapToLong(l -> formula(l, 1)).sum());
        measured.put("numbers are the formula's", exact);
        return new Claim(
                6,
                "The extra block-diagonal split costs little",
                measured,
                "O=2 ≥.90; memory formula exact",
                mean.getOrDefault("O=2", 0.0) >= 0.90 && exact);
    }

    private static long kept(LayerCurvature curvature) {
        return curvature.basis().stream()
                .flatMap(basis -> Stream.of(basis.activationVectors(), basis.gradientVectors()))
                .flatMap(vectors -> vectors.blocks().stream())
                .mapToLong(block -> (long) block.rows() * block.columns())
                .sum();
    }

    /** (M² + P²) / O, with blocks that differ by at most one where O does not divide M or P. */
    private static long formula(LayerSpec layer, int blocks) {
        return squares(layer.gradientColumns(), blocks) + squares(layer.outputs(), blocks);
    }

    private static long squares(int order, int blocks) {
        long small = order / blocks;
        long larger = order % blocks;
        return larger * (small + 1) * (small + 1) + (blocks - larger) * small * small;
    }
}
