package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;

/** What one JVM computes without Spark: a fit over the data as one part, and its scores. */
record OneJvm(InfluenceScores pairwise, SelfInfluence self, TopInfluences top) {

    static final int K = 4;

    /** Fits a model to the training set, and scores with it. */
    static <E> OneJvm of(
            MatrixBackend backend,
            GradientProvider<E> model,
            ExampleSource<E> train,
            ExampleSource<E> queries,
            Damping damping) {
        try (FittedCurvature<E> fitted = Ekfac.on(backend).fit(model, train);
                CurvatureScoring<E> scoring = fitted.damped(damping)) {
            return new OneJvm(
                    scoring.pairwise(queries, train), scoring.selfInfluence(train), scoring.topK(queries, train, K));
        }
    }

    /** Fits captures of sampled labels in files, and scores others. */
    static OneJvm of(
            Precision precision,
            FitOptions fit,
            ScoreOptions scores,
            Damping damping,
            Path sampled,
            Path train,
            Path queries)
            throws IOException {
        try (MatrixBackend backend = MatrixBackends.named("openblas", precision);
                CaptureSet labels = CaptureSet.open(sampled);
                EigenbasisCurvature curvature = EigenbasisApproximator.<CapturedExample>of(backend, fit)
                        .fit(CaptureProvider.of(labels), labels)) {
            return scores(backend, curvature, scores, damping, train, queries);
        }
    }

    /** Scores with factors in files. */
    static OneJvm of(Precision precision, Path factors, ScoreOptions scores, Damping damping, Path train, Path queries)
            throws IOException {
        try (MatrixBackend backend = MatrixBackends.named("openblas", precision);
                EigenbasisCurvature curvature =
                        EigenbasisCurvature.require(FactorStore.open(factors).load(backend))) {
            return scores(backend, curvature, scores, damping, train, queries);
        }
    }

    private static OneJvm scores(
            MatrixBackend backend,
            EigenbasisCurvature curvature,
            ScoreOptions options,
            Damping damping,
            Path train,
            Path queries)
            throws IOException {
        try (CaptureSet examples = CaptureSet.open(train);
                CaptureSet asked = CaptureSet.open(queries);
                EigenbasisSolver solver = curvature.solver(damping)) {
            CaptureProvider model = CaptureProvider.of(
                    curvature.layers(), curvature.provenance().model(), examples, asked);
            InfluenceScorer<CapturedExample> scorer =
                    new InfluenceScorer<>(backend, model, options, ProgressListener.silent());
            return new OneJvm(
                    scorer.pairwise(solver, asked, examples),
                    scorer.self(solver, examples),
                    scorer.topK(solver, asked, examples, K));
        }
    }
}
