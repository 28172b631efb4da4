package io.github.influence4j.store.runs;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.FitOptions.KfacScale;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Fits the layers of one group, unit by unit. Bases are kept as factor stores of their own, a layer each. */
final class GroupRun {

    private final MatrixBackend backend;
    private final FitOptions options;
    private final FisherObjectives objectives;
    private final CaptureSet captures;
    private final ProgressListener progress;
    private final Progress kept;
    private final CapturePass<CapturedExample> pass;
    private final int group;

    GroupRun(FitRun run, FisherObjectives objectives, Progress kept, CapturePass<CapturedExample> pass, int group) {
        this.backend = run.backend();
        this.options = run.options();
        this.captures = run.captures();
        this.progress = run.progress();
        this.objectives = objectives;
        this.kept = kept;
        this.pass = pass;
        this.group = group;
    }

    List<LayerCurvature> run() throws IOException {
        List<LayerEigenbasis> bases = new ArrayList<>();
        List<LayerCurvature> fitted = new ArrayList<>();
        try {
            if (options.strategy().usesEigenbasis()) {
                addCovariances();
                for (int l = 0; l < pass.layers().size(); l++) {
                    bases.add(basis(l));
                }
            }
            if (options.strategy().measuresEigenvalues()) {
                addEigenvalues(bases);
            }
            for (int l = 0; l < pass.layers().size(); l++) {
                Optional<LayerEigenbasis> basis = bases.isEmpty() ? Optional.empty() : Optional.of(bases.get(l));
                fitted.add(LayerCurvature.of(pass.layers().get(l), basis, eigenvalues(l, basis)));
            }
            return fitted;
        } catch (IOException | RuntimeException | Error e) {
            bases.forEach(LayerEigenbasis::close);
            fitted.forEach(part -> part.eigenvalues().ifPresent(BackendMatrix::close));
            throw e;
        }
    }

    private void addCovariances() throws IOException {
        SumFile sums = new SumFile(kept, "covariances-" + group);
        List<CaptureSet> shards = captures.shards();
        CovarianceStage.Options stage = new CovarianceStage.Options(
                options.batchSize(), objectives, options.blocks(), CovarianceStage.Basis.of(options.strategy()));
        for (int s = sums.units(); s < shards.size(); s++) {
            List<LayerCovariance> parts =
                    CovarianceStage.fitPart(backend, pass, shards.get(s), stage, ProgressListener.silent());
            try {
                List<SumFile.Term> terms = new ArrayList<>();
                for (LayerCovariance part : parts) {
                    String layer = part.layer().name();
                    addBlocks(terms, layer + "/activation", part.activation(), part.positions());
                    addBlocks(terms, layer + "/gradient", part.gradient(), part.positions());
                    terms.add(SumFile.Term.count(layer + "/positions", part.positions()));
                }
                sums.add(terms);
            } finally {
                parts.forEach(LayerCovariance::close);
            }
            progress.progress("covariances", s + 1, shards.size());
        }
    }

    private static void addBlocks(List<SumFile.Term> terms, String name, BlockDiagonal matrix, long count) {
        for (int k = 0; k < matrix.blocks().size(); k++) {
            terms.add(new SumFile.Term(name + "/" + k, matrix.blocks().get(k), count));
        }
    }

    private LayerEigenbasis basis(int layer) throws IOException {
        LayerSpec spec = pass.layers().get(layer);
        Path folder = kept.folder().resolve("basis-" + group + "-" + layer);
        if (!Files.exists(folder.resolve(FactorManifest.FILE))) {
            try (LayerCovariance covariance = covariance(spec)) {
                LayerEigenbasis basis = EigenbasisStage.decompose(backend, covariance);
                LayerCurvature part = LayerCurvature.of(
                        spec, Optional.of(basis), Optional.of(KroneckerEigenvalues.of(backend, basis, 1)));
                Provenance provenance = Provenance.here(backend.description(), backend.precision(), Optional.empty())
                        .withOption("strategy", Strategy.KFAC.toString());
                try (EigenbasisCurvature curvature = EigenbasisCurvature.of(backend, List.of(part), provenance)) {
                    FactorStore.save(folder, curvature);
                }
            }
            progress.progress("eigendecomposition", layer + 1, pass.layers().size());
        }
        LayerCurvature part =
                FactorStore.open(folder).load(backend).layerCurvatures().get(0);
        part.eigenvalues().ifPresent(BackendMatrix::close);
        return part.basis().orElseThrow();
    }

    private LayerCovariance covariance(LayerSpec layer) throws IOException {
        try (SafetensorsFile sums = new SumFile(kept, "covariances-" + group).open()) {
            long positions = SumFile.count(sums, layer.name() + "/positions");
            if (positions == 0) {
                throw new NumericalException("layer " + layer.name() + ": every position of the data set is masked");
            }
            BlockDiagonal activation = mean(sums, layer.name() + "/activation", layer.gradientColumns(), positions);
            try {
                return new LayerCovariance(
                        layer,
                        activation,
                        mean(sums, layer.name() + "/gradient", layer.outputs(), positions),
                        positions);
            } catch (RuntimeException | Error e) {
                activation.close();
                throw e;
            }
        }
    }

    private BlockDiagonal mean(SafetensorsFile sums, String name, int order, long count) {
        List<BackendMatrix> blocks = new ArrayList<>();
        for (int k = 0; k < BlockDiagonal.sizes(order, options.blocks()).length; k++) {
            blocks.add(mean(sums, name + "/" + k, count));
        }
        return BlockDiagonal.of(blocks);
    }

    private BackendMatrix mean(SafetensorsFile sums, String name, long count) {
        try (BackendMatrix sum = backend.copyOf(sums.matrix(name), Precision.FLOAT64)) {
            BackendMatrix mean = backend.zeros(sum.rows(), sum.columns(), Precision.FLOAT64);
            backend.addScaled(1.0 / count, sum, mean);
            return mean;
        }
    }

    private void addEigenvalues(List<LayerEigenbasis> bases) throws IOException {
        SumFile sums = new SumFile(kept, "eigenvalues-" + group);
        List<CaptureSet> shards = captures.shards();
        EigenvalueStage.Options stage =
                new EigenvalueStage.Options(options.batchSize(), objectives, options.rotation());
        List<Optional<LayerEigenbasis>> perLayer = new ArrayList<>();
        for (int l = 0; l < pass.layers().size(); l++) {
            perLayer.add(bases.isEmpty() ? Optional.empty() : Optional.of(bases.get(l)));
        }
        for (int s = sums.units(); s < shards.size(); s++) {
            CaptureSet shard = shards.get(s);
            List<BackendMatrix> parts =
                    EigenvalueStage.fit(backend, pass, shard, stage, perLayer, ProgressListener.silent());
            try {
                List<SumFile.Term> terms = new ArrayList<>();
                for (int l = 0; l < parts.size(); l++) {
                    terms.add(new SumFile.Term(pass.layers().get(l).name(), parts.get(l), shard.size()));
                }
                sums.add(terms);
            } finally {
                parts.forEach(BackendMatrix::close);
            }
            progress.progress("eigenvalues", s + 1, shards.size());
        }
    }

    private Optional<BackendMatrix> eigenvalues(int layer, Optional<LayerEigenbasis> basis) throws IOException {
        String name = pass.layers().get(layer).name();
        if (options.strategy().measuresEigenvalues()) {
            try (SafetensorsFile sums = new SumFile(kept, "eigenvalues-" + group).open()) {
                return Optional.of(mean(sums, name, captures.size()));
            }
        }
        if (basis.isEmpty()) {
            return Optional.empty();
        }
        double scale = 1;
        if (options.kfacScale() == KfacScale.PER_EXAMPLE) {
            try (SafetensorsFile sums = new SumFile(kept, "covariances-" + group).open()) {
                scale = (double) SumFile.count(sums, name + "/positions") / captures.size();
            }
        }
        return Optional.of(KroneckerEigenvalues.of(backend, basis.get(), scale));
    }
}
