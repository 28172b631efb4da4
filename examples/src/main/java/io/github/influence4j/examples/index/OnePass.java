package io.github.influence4j.examples.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexPlan;
import io.github.influence4j.index.internal.coordinate.CoordinateCoder;
import io.github.influence4j.index.internal.coordinate.CoordinateLayout;
import io.github.influence4j.index.internal.coordinate.EigenvalueShares;
import io.github.influence4j.index.internal.sketch.ProjectionCoder;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.SketchLayout;
import io.github.influence4j.store.PartedData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The comparison for a model whose passes are dear: one pass for the full scores and all representations, kept part by part. Sections
 * of an index are asked as it goes, with the rows that their files would hold.
 */
final class OnePass implements AutoCloseable {

    private final IndexBed bed;
    private final IndexStudyOptions options;
    private final Curvature curvature;
    private final EigenbasisSolver solver;
    private final FullScores full;
    private final List<Named> named = new ArrayList<>();
    private final WhitenedPass pass;
    private boolean asked;

    /** A representation, and what the table says of it. */
    private record Named(String name, double percent, long bytes, Representation representation) {}

    /**
     * Scores of a part of the training set.
     *
     * @param full [questions, sequences]
     * @param estimates of each representation
     * @param errors of each representation; empty without errors
     */
    record Part(double[][] full, double[][][] estimates, double[][][] errors) {}

    OnePass(IndexBed bed, IndexStudyOptions options) throws IOException {
        this.bed = bed;
        this.options = options;
        this.curvature = bed.factors().load(bed.backend());
        EigenbasisCurvature fitted = EigenbasisCurvature.require(curvature);
        this.solver = fitted.solver(Damping.DEFAULT);
        List<LayerSpec> layers = bed.model().layers();
        List<double[]> shares = EigenvalueShares.of(fitted, solver.damping());
        for (double percent : options.percents()) {
            IndexOptions size = IndexOptions.defaults().withSeed(options.seed());
            long signs = bytes(size.withPercent(percent));
            long coordinates = bytes(size.withCoordinatesPercent(percent).withoutSigns());
            List<Integer> numbers = layers.stream()
                    .map(layer -> Math.toIntExact(layer.parameters()))
                    .toList();
            add(Requirement.SIGNS, percent, new ProjectionCoder(SketchLayout.of(numbers, signs, options.seed())));
            add(Requirement.COORDINATES, percent, new CoordinateCoder(CoordinateLayout.of(shares, coordinates)));
        }
        WhiteningRoots roots = new WhiteningRoots(solver);
        List<TwoSidedProjection> projections = bed.projections(options);
        for (int p = 0; p < projections.size(); p++) {
            TwoSidedProjection projection = projections.get(p);
            named.add(new Named(
                    projection.name(),
                    options.percents().get(p / 2),
                    projection.bytes(),
                    new ProjectionEstimates(bed.backend(), projection, layers.size(), options.questions(), roots)));
        }
        this.full = new FullScores(bed.backend(), layers, options.questions());
        List<Representation> all = new ArrayList<>(List.of(full));
        named.forEach(one -> all.add(one.representation()));
        this.pass = new WhitenedPass(bed.backend(), solver, all, bed.progress());
    }

    private long bytes(IndexOptions size) {
        return IndexPlan.of(bed.model().layers(), size).bytesPerExample();
    }

    private void add(String name, double percent, SectionCoder coder) {
        SectionEstimates estimates =
                new SectionEstimates(bed.backend(), coder, bed.model().layers(), options.questions());
        named.add(new Named(name, percent, estimates.bytes(), estimates));
    }

    /** Passes a part of the training set. */
    Part of(PartedData<TokenSequence> part) {
        if (!asked) {
            pass.ask(bed.model(), bed.questions());
            asked = true;
        }
        pass.keep(bed.model(), part);
        return new Part(
                full.scores(),
                named.stream().map(one -> one.representation().scores()).toArray(double[][][]::new),
                named.stream()
                        .map(one -> one.representation().errors().orElse(new double[0][]))
                        .toArray(double[][][]::new));
    }

    /** Compares what all parts say. */
    List<Measured> rows(List<Part> parts) {
        InfluenceScores truth = bed.scores(joined(parts.stream().map(Part::full).toList()));
        List<Measured> rows = new ArrayList<>();
        for (int k = 0; k < named.size(); k++) {
            int index = k;
            Named one = named.get(k);
            double[][] errors =
                    joined(parts.stream().map(part -> part.errors()[index]).toList());
            rows.add(Measured.of(
                    one.name(),
                    one.bytes(),
                    one.percent(),
                    truth,
                    bed.scores(joined(
                            parts.stream().map(part -> part.estimates()[index]).toList())),
                    errors.length == 0 ? Optional.empty() : Optional.of(bed.scores(errors))));
        }
        return rows;
    }

    private static double[][] joined(List<double[][]> parts) {
        int questions = parts.get(0).length;
        double[][] all = new double[questions][];
        for (int q = 0; q < questions; q++) {
            int row = q;
            all[q] = parts.stream()
                    .map(part -> part[row])
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
        }
        return all;
    }

    @Override
    public void close() {
        full.close();
        solver.close();
        curvature.close();
    }
}
