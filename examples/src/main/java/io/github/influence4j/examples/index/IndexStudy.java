package io.github.influence4j.examples.index;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.examples.stages.Stages;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexPlan;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.store.PartedData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs the study: trains a model on real text or takes one that was published, scores held-out questions in full, and compares what representations of the same
 * size say with it. Everything that takes long is a stage whose result is kept.
 */
public final class IndexStudy {

    /** A size that only coordinates can use, in percent. */
    private static final double MORE_COORDINATES = 5;

    private final IndexStudyOptions options;
    private final Path out;
    private final Stages stages;
    private final ProgressListener progress;

    /** A stage that reads or writes files. */
    private interface Computed<T> {
        T compute() throws IOException;
    }

    /**
     * Prepares the study.
     *
     * @param options what to do
     * @param out folder of the stages
     * @param progress is told of steps
     * @throws IllegalArgumentException if the folder holds another study
     */
    public IndexStudy(IndexStudyOptions options, Path out, ProgressListener progress) {
        this.options = options;
        this.out = out;
        this.stages = new Stages(out, options);
        this.progress = progress;
    }

    /**
     * Runs what has not been run yet.
     *
     * @return what was found
     * @throws IOException if files cannot be read or written
     */
    public IndexResult run() throws IOException {
        try (IndexBed bed = IndexBed.of(options, out, progress)) {
            boolean published = !options.checkpoint().isEmpty();
            List<Measured> rows = published ? inOnePass(bed) : withIndexes(bed);
            double loss = stage("loss", Double.class, bed::heldOutLoss);
            return new IndexResult(options, bed.parameters(), loss, rows, published ? List.of() : Requirement.of(rows));
        }
    }

    private List<Measured> inOnePass(IndexBed bed) throws IOException {
        try (OnePass pass = new OnePass(bed, options)) {
            List<OnePass.Part> parts = new ArrayList<>();
            for (PartedData<TokenSequence> part : bed.train().shards()) {
                parts.add(stage("part-" + parts.size(), OnePass.Part.class, () -> pass.of(part)));
            }
            return pass.rows(parts);
        }
    }

    private List<Measured> withIndexes(IndexBed bed) {
        InfluenceScores full = bed.scores(stage("full", double[][].class, bed::full));
        List<Measured> rows =
                new ArrayList<>(List.of(stage("projections", Measured[].class, () -> projections(bed, full))));
        for (double percent : options.percents()) {
            IndexOptions both = sized().withPercent(percent).withCoordinatesPercent(percent);
            rows.addAll(List.of(stage("index-" + percent, Measured[].class, () -> index(bed, full, both, percent))));
        }
        IndexOptions large = sized().withCoordinatesPercent(MORE_COORDINATES).withoutSigns();
        rows.addAll(List.of(
                stage("index-" + MORE_COORDINATES, Measured[].class, () -> index(bed, full, large, MORE_COORDINATES))));
        return rows;
    }

    private <T> T stage(String name, Class<T> type, Computed<T> computed) {
        return stages.of(name, type, () -> {
            try {
                return computed.compute();
            } catch (IOException e) {
                throw new UncheckedIOException(name, e);
            }
        });
    }

    private IndexOptions sized() {
        return IndexOptions.defaults().withSeed(options.seed());
    }

    /** Builds an index and asks its sections. */
    private Measured[] index(IndexBed bed, InfluenceScores full, IndexOptions size, double percent) throws IOException {
        Path folder = out.resolve("index-" + percent);
        IndexBuild.of(bed.backend(), bed.factors(), bed.model(), Damping.DEFAULT, size, progress)
                .write(folder, bed.train(), true);
        List<Measured> rows = new ArrayList<>();
        try (GradientIndex index = GradientIndex.open(folder);
                IndexScoring<TokenSequence> scoring =
                        index.scoring(bed.backend(), bed.factors(), bed.model(), progress)) {
            if (index.hasSigns()) {
                IndexScoring<TokenSequence> signs = scoring.bySigns();
                rows.add(Measured.of(
                        Requirement.SIGNS,
                        size(bed, sized().withPercent(percent)),
                        percent,
                        full,
                        signs.pairwise(bed.questions()),
                        Optional.of(signs.standardErrors(bed.questions()))));
            }
            InfluenceScores coordinates = scoring.byCoordinates().pairwise(bed.questions());
            IndexOptions alone = sized().withCoordinatesPercent(percent).withoutSigns();
            rows.add(Measured.of(
                    Requirement.COORDINATES, size(bed, alone), percent, full, coordinates, Optional.empty()));
        }
        return rows.toArray(Measured[]::new);
    }

    private static long size(IndexBed bed, IndexOptions options) {
        return IndexPlan.of(bed.model().layers(), options).bytesPerExample();
    }

    private Measured[] projections(IndexBed bed, InfluenceScores full) throws IOException {
        List<TwoSidedProjection> projections = bed.projections(options);
        List<double[][]> found = bed.scores(projections);
        Measured[] rows = new Measured[found.size()];
        for (int p = 0; p < rows.length; p++) {
            TwoSidedProjection projection = projections.get(p);
            rows[p] = Measured.of(
                    projection.name(),
                    projection.bytes(),
                    options.percents().get(p / 2),
                    full,
                    bed.scores(found.get(p)),
                    Optional.empty());
        }
        return rows;
    }
}
