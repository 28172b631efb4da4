package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.factor.MemoryShares;
import io.github.influence4j.ekfac.internal.factor.ModelFingerprint;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Fits a layer-wise curvature that is diagonal in a known basis: EK-FAC, K-FAC, the Fisher's diagonal, or the identity.
 *
 * <p>EK-FAC takes two passes over the data (covariances, then eigenvalues in their eigenbasis) and one eigendecomposition
 * of each covariance in between; K-FAC saves the second pass, the diagonal the first, the identity both. Per layer and
 * example with t positions the passes cost t(i² + o²) and 2t(i² + o²) + 2t·i·o flops beside the model's own, the
 * decompositions about 9(i³ + o³). Memory is that of the factors (see {@link FactorMemory}) and one batch of one layer.
 * Where the factors of all layers do not fit, layers are fitted in groups (see {@link LayerGroups}), with passes of its own
 * for each group and the same result.
 *
 * <p>Source: Grosse et al. 2023, section 2.3 and Eq. 14-21 and 26. Immutable; may be used for any number of fits.
 *
 * @param <E> the host's type of an example
 * @param <P> what the model must be able to do
 */
public final class EigenbasisApproximator<E, P extends GradientProvider<E>> implements CurvatureApproximator<E, P> {

    private final MatrixBackend backend;
    private final FitOptions options;
    private final Rotation rotation;
    private final Function<P, FisherObjectives> fisher;
    private final String labels;
    private final boolean samplesLabels;

    private EigenbasisApproximator(
            MatrixBackend backend,
            FitOptions options,
            Rotation rotation,
            Function<P, FisherObjectives> fisher,
            String labels,
            boolean samplesLabels) {
        this.backend = backend;
        this.options = options;
        this.rotation = rotation;
        this.fisher = fisher;
        this.labels = labels;
        this.samplesLabels = samplesLabels;
    }

    /**
     * Prepares EK-FAC with the defaults.
     *
     * @param <E> the host's type of an example
     * @param backend computes and holds the factors; must stay open as long as the curvatures
     * @return an approximator
     */
    public static <E> EigenbasisApproximator<E, GradientProvider<E>> ekfac(MatrixBackend backend) {
        return of(backend, FitOptions.defaults());
    }

    /**
     * Prepares any of the strategies.
     *
     * @param <E> the host's type of an example
     * @param backend computes and holds the factors; must stay open as long as the curvatures
     * @param options strategy, labels, batch size
     * @return an approximator
     */
    public static <E> EigenbasisApproximator<E, GradientProvider<E>> of(MatrixBackend backend, FitOptions options) {
        FisherObjectives objectives = FisherObjectives.of(options.labels());
        return new EigenbasisApproximator<>(
                backend,
                options,
                Rotation.CHEAPEST,
                model -> objectives,
                options.labels().toString(),
                options.labels() instanceof FisherLabels.Sampled);
    }

    /**
     * Prepares any of the strategies on the exact Gauss-Newton matrix instead of sampled labels: every batch is captured
     * once for each column of the output Hessian's root. The labels of the options are ignored.
     *
     * @param <E> the host's type of an example
     * @param backend computes and holds the factors; must stay open as long as the curvatures
     * @param options strategy and batch size
     * @return an approximator for models that offer the roots
     */
    public static <E> EigenbasisApproximator<E, OutputHessianRoots<E>> exactFisher(
            MatrixBackend backend, FitOptions options) {
        return new EigenbasisApproximator<>(
                backend,
                options,
                Rotation.CHEAPEST,
                model -> new FisherObjectives(
                        IntStream.range(0, model.outputHessianColumns())
                                .mapToObj(Objective.OutputHessianRoot::new)
                                .toList(),
                        1),
                "exact output Hessian",
                false);
    }

    /**
     * Forces a way of rotating gradients that is not the cheapest; for tests and measurements.
     *
     * @param value the way
     * @return the same otherwise
     */
    public EigenbasisApproximator<E, P> rotating(Rotation value) {
        return new EigenbasisApproximator<>(backend, options, value, fisher, labels, samplesLabels);
    }

    @Override
    public EigenbasisCurvature fit(P model, ExampleSource<E> data) {
        return fit(model, data, ProgressListener.silent());
    }

    @Override
    public EigenbasisCurvature fit(P model, ExampleSource<E> data, ProgressListener progress) {
        return fit(model, List.of(data), progress);
    }

    /**
     * Fits to a training set in parts. Sums are brought to float64 after each part, as they are where a fit from files is put
     * aside and taken up again: the same parts give the same factors to the bit. Ids are compared within a part; whoever divides a
     * data set has compared them all, as capture files are when they are opened.
     *
     * @param model the model
     * @param parts the training set, at least one part, none empty
     * @param progress is told after each part, or after each batch of an only part
     * @return a curvature that the caller closes
     */
    public EigenbasisCurvature fit(P model, List<? extends ExampleSource<E>> parts, ProgressListener progress) {
        return fit(model, parts, Optional.empty(), progress);
    }

    /**
     * Fits to a training set in parts, and keeps what is finished, or goes on from what was kept.
     *
     * @param model the model
     * @param parts the training set, at least one part, none empty
     * @param kept of this fit, with the same options, data, backend and threads; empty to keep nothing
     * @param progress is told after what was kept, or after each batch of an only part where nothing is kept
     * @return a curvature that the caller closes
     */
    public EigenbasisCurvature fit(
            P model, List<? extends ExampleSource<E>> parts, Optional<KeptFit> kept, ProgressListener progress) {
        Optional<String> fingerprint = ModelFingerprint.of(model);
        String usedLabels = samplesLabels ? model.sampledLabels().orElse(labels) : labels;
        List<LayerSpec> layers = CapturePass.layersOf(model);
        MemoryShares shares = MemoryShares.of(backend, options.memoryLimit());
        BatchSize size = new BatchSize(options.batchSize(), options.batchPositions())
                .within(layers, backend.precision(), model.bytesPerPosition(), shares.captures());
        FitData<E> data = new FitData<>(parts, kept, fisher.apply(model), size);
        FactorMemory memory = new FactorMemory(
                backend.precision(), options.strategy(), options.blocks(), SharedInputs.of(model, layers));
        List<List<LayerSpec>> groups =
                LayerGroups.of(layers, memory, backend, shares.held()).groups();
        StageClock clock = new StageClock();
        List<LayerCurvature> fitted = new ArrayList<>();
        List<EigenspaceChoice.Note> notes = new ArrayList<>();
        long positions = 0;
        double finished = 0;
        try {
            for (int g = 0; g < groups.size(); g++) {
                String suffix = groups.size() == 1 ? "" : ", group " + (g + 1) + " of " + groups.size();
                ProgressListener named = (stage, done, total) -> progress.progress(stage + suffix, done, total);
                GroupFit<E> group = new GroupFit<>(
                        backend,
                        options,
                        rotation,
                        memory,
                        data,
                        model,
                        groups.get(g),
                        shares.held() - finished,
                        g,
                        named);
                fitted.addAll(group.run(clock));
                positions += group.positions();
                finished += memory.keptBytes(groups.get(g));
                notes.addAll(group.notes());
            }
            if (options.strategy().usesEigenbasis() && positions == 0) {
                throw new NumericalException(
                        "layer " + layers.get(0).name() + " and every other: every position of the data set is masked");
            }
            fitted.sort(Comparator.comparingInt(curvature -> layers.indexOf(curvature.layer())));
            Provenance provenance = FitNotes.provenance(backend, options, fingerprint, usedLabels, data.size())
                    .withCount("layer groups", groups.size());
            return EigenbasisCurvature.of(backend, fitted, clock.addTo(FitNotes.add(provenance, fitted, notes)));
        } catch (RuntimeException | Error e) {
            fitted.forEach(LayerCurvature::close);
            throw e;
        }
    }
}
