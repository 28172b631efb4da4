package io.github.influence4j.examples.language;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Compares EK-FAC's eigenbasis with that of sequences' gradients on models of several seeds. */
final class BasisStudy {

    private static final int DRAWS = 2;
    private static final long EXACT_LABELS = 1000;
    private static final int MOST_HELD_OUT = 2000;
    private static final List<Strategy> STRATEGIES =
            List.of(Strategy.IDENTITY, Strategy.EKFAC, Strategy.GRADIENT_BASIS);

    private final MatrixBackend backend;
    private final ModelStore store;
    private final LanguageOptions options;
    private final ProgressListener progress;

    BasisStudy(MatrixBackend backend, ModelStore store, LanguageOptions options, ProgressListener progress) {
        this.backend = backend;
        this.store = store;
        this.options = options;
        this.progress = progress;
    }

    BasisComparison run() {
        List<BasisComparison.Layer> layers = new ArrayList<>();
        List<BasisComparison.Words> words = new ArrayList<>();
        for (long seed : options.basisSeeds()) {
            ProgressListener named =
                    (stage, done, total) -> progress.progress("seed " + seed + ": " + stage, done, total);
            try (SyntheticBed bed = new SyntheticBed(backend, store, options, seed, named)) {
                compare(bed, seed, named, layers, words);
            }
        }
        int sequences = options.sequences();
        return new BasisComparison(layers, words, DRAWS, sequences, sequences / 2, heldOut(sequences));
    }

    private static int heldOut(int sequences) {
        return Math.min(MOST_HELD_OUT, sequences - sequences / 2);
    }

    private void compare(
            SyntheticBed bed,
            long seed,
            ProgressListener named,
            List<BasisComparison.Layer> layers,
            List<BasisComparison.Words> words) {
        SyntheticQueries all = SyntheticQueries.of(bed, options);
        int close = all.close().size();
        List<Prompt> prompts =
                Stream.of(all.close(), all.words()).flatMap(List::stream).toList();
        List<InfluenceScores> scores = new ArrayList<>();
        LayerDamping damping = LayerDamping.of(List.of(), layer -> 0);
        for (Strategy strategy : STRATEGIES) {
            try (EigenbasisCurvature curvature = bed.fit(FitOptions.defaults().withStrategy(strategy), bed.train());
                    IhvpSolver solver =
                            curvature.solver(strategy == Strategy.IDENTITY ? Damping.absolute(0) : Damping.DEFAULT)) {
                scores.add(bed.scores(
                        solver, prompts, bed.train(), ScoreOptions.defaults().withPerLayer(true)));
                damping = solver.damping();
            }
        }
        ExampleSource<TokenSequence> queries =
                ExampleSource.of(prompts.stream().map(bed::query).toList());
        double[][] explained = explained(bed);
        double[][] exactSum = new double[prompts.size()][bed.sentences().size()];
        for (int l = 0; l < bed.model().layers().size(); l++) {
            LayerSpec layer = bed.model().layers().get(l);
            double[][] exact =
                    exact(bed, layer, queries, damping, named).matrix().toArray();
            List<BasisComparison.Basis> bases = new ArrayList<>();
            for (int b = 0; b < scores.size(); b++) {
                double[][] own = scores.get(b).layer(layer.name()).toArray();
                bases.add(new BasisComparison.Basis(
                        Statistics.pearson(first(exact, close), first(own, close)),
                        Statistics.spearman(first(exact, close), first(own, close)),
                        explained[l][b]));
            }
            layers.add(new BasisComparison.Layer(seed, layer.name(), bases.get(0), bases.get(1), bases.get(2)));
            for (int q = 0; q < exact.length; q++) {
                for (int z = 0; z < exact[q].length; z++) {
                    exactSum[q][z] += exact[q][z];
                }
            }
        }
        List<double[][]> totals = new ArrayList<>();
        scores.forEach(one -> totals.add(one.matrix().toArray()));
        totals.add(exactSum);
        List<String> names = List.of("dot product", "EK-FAC", "gradient basis", "exact blocks");
        for (int b = 0; b < names.size(); b++) {
            List<Retrieval> found = new ArrayList<>();
            for (int q = close; q < prompts.size(); q++) {
                Prompt prompt = prompts.get(q);
                if (bed.sentences().stream().anyMatch(sentence -> RetrievalClaim.isSource(sentence, prompt))) {
                    found.add(Retrieval.of(
                            totals.get(b)[q],
                            z -> RetrievalClaim.isSource(bed.sentences().get(z), prompt)));
                }
            }
            words.add(new BasisComparison.Words(seed, names.get(b), found));
        }
    }

    private static double[][] first(double[][] rows, int count) {
        return Arrays.copyOf(rows, count);
    }

    /** Scores with the exact block of one layer, damped as EK-FAC is. */
    private InfluenceScores exact(
            SyntheticBed bed,
            LayerSpec layer,
            ExampleSource<TokenSequence> queries,
            LayerDamping damping,
            ProgressListener named) {
        SampledRoots<TokenSequence> one = new SampledRoots<>(bed.model(), layer, DRAWS, EXACT_LABELS);
        LayerDamping times = LayerDamping.of(one.layers(), l -> DRAWS * damping.lambda(l.name()));
        try (ExactCurvature curvature =
                        ExactGaussNewton.on(backend).reporting(named).curvature(one, bed.train());
                IhvpSolver solver = curvature.solver(times)) {
            return new InfluenceScorer<>(backend, one, ScoreOptions.defaults(), named)
                    .pairwise(solver, queries, bed.train());
        }
    }

    /** By layer: shares with no basis, EK-FAC's and the gradients', each fitted to the first half of the corpus. */
    private double[][] explained(SyntheticBed bed) {
        int fitted = bed.sentences().size() / 2;
        ExampleSource<TokenSequence> first = bed.train(fitted);
        HeldOutFisher fisher = new HeldOutFisher(
                backend, bed.model(), bed.train(fitted, heldOut(bed.sentences().size())));
        List<LayerSpec> layers = bed.model().layers();
        double[][] shares = new double[layers.size()][];
        try (EigenbasisCurvature gradient =
                        bed.fit(FitOptions.defaults().withStrategy(Strategy.GRADIENT_BASIS), first);
                EigenbasisCurvature ekfac = bed.fit(FitOptions.defaults(), first)) {
            for (int l = 0; l < shares.length; l++) {
                List<Optional<LayerEigenbasis>> bases = List.of(
                        Optional.empty(),
                        ekfac.layerCurvatures().get(l).basis(),
                        gradient.layerCurvatures().get(l).basis());
                shares[l] = fisher.explained(layers.get(l), bases);
            }
        }
        return shares;
    }
}
