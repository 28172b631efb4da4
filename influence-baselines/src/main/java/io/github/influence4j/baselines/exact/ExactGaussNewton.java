package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.linalg.MatrixBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The exact Gauss-Newton matrix of a small model, G = (1/N) Σ_z Σ_k g_zk g_zkᵀ, without sampling and without structure
 * beyond what {@link ExactOptions} asks for.
 *
 * <p>The explicit form costs N·C·D² flops and 16·D² bytes; the dual form (N·C)²·Σ_ℓ o_ℓ + (N·C)³/3 flops, 8·(N·C)² bytes
 * for each solver and the captures of the whole data set. Both run the model C times over the data, C being {@link
 * OutputHessianRoots#outputHessianColumns()}. What will not fit is refused before anything runs, as far as the number of
 * positions allows to tell, and otherwise at the first capture.
 *
 * <p>Source: Grosse et al. 2023, section 2.1.1 for the damped Gauss-Newton matrix; the dual form is the identity of Woodbury.
 * Immutable; may be used for any number of fits.
 */
public final class ExactGaussNewton {

    private static final String STAGE = "exact Gauss-Newton";

    private final MatrixBackend backend;
    private final ExactOptions options;
    private final ProgressListener progress;

    private ExactGaussNewton(MatrixBackend backend, ExactOptions options, ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Computes with a given backend.
     *
     * @param backend computes in float64, whatever its working precision; must stay open as long as what is fitted
     * @return the exact solution with the default options
     */
    public static ExactGaussNewton on(MatrixBackend backend) {
        return new ExactGaussNewton(backend, ExactOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Changes how the matrix is held.
     *
     * @param value the options
     * @return the exact solution with these options
     */
    public ExactGaussNewton with(ExactOptions value) {
        return new ExactGaussNewton(backend, value, progress);
    }

    /**
     * Tells a listener how far fits and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public ExactGaussNewton reporting(ProgressListener value) {
        return new ExactGaussNewton(backend, options, value);
    }

    /**
     * Fits the matrix.
     *
     * @param <E> the host's type of an example
     * @param model a model that offers the root of its output Hessian; stays open while the result is in use
     * @param train the training set
     * @return the fitted estimator, which the caller closes
     * @throws IllegalArgumentException if the data set is empty, captures do not fit, or the computation would take more memory
     *     than allowed, with the numbers
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <E> FittedCurvature<E> fit(OutputHessianRoots<E> model, ExampleSource<E> train) {
        return FittedCurvature.of(backend, model, curvature(model, train), progress);
    }

    /**
     * Fits the matrix alone, to look at or to solve with.
     *
     * @param <E> the host's type of an example
     * @param model a model that offers the root of its output Hessian
     * @param data the training set
     * @return the curvature, which the caller closes
     * @throws IllegalArgumentException as {@link #fit} does
     */
    public <E> ExactCurvature curvature(OutputHessianRoots<E> model, ExampleSource<E> data) {
        int columns = model.outputHessianColumns();
        if (columns < 1) {
            throw new IllegalArgumentException("the root of the output Hessian has " + columns + " columns");
        }
        if (data.size() == 0) {
            throw new IllegalArgumentException(STAGE + ": the data set is empty");
        }
        try (CapturePass<E> pass = new CapturePass<>(backend, model, Precision.FLOAT64)) {
            List<GaussNewtonBlock> blocks = blocks(pass.layers(), data.size(), columns);
            try {
                long start = System.nanoTime();
                collect(pass, data, columns, blocks);
                Duration duration = Duration.ofNanos(System.nanoTime() - start);
                return new ExactCurvature(pass.layers(), blocks, provenance(model, data, blocks, duration));
            } catch (RuntimeException | Error e) {
                blocks.forEach(GaussNewtonBlock::close);
                throw e;
            }
        }
    }

    private List<GaussNewtonBlock> blocks(List<LayerSpec> layers, long examples, int columns) {
        List<List<LayerSpec>> groups = options.scope() == ExactOptions.Scope.WHOLE
                ? List.of(layers)
                : layers.stream().map(List::of).toList();
        String sizes = String.format(
                Locale.ROOT, "N·C = %,d x %,d, D = %,d", examples, columns, GaussNewtonBlock.parameters(layers));
        MemoryEstimate memory = new MemoryEstimate(sizes, options.memoryLimit().orElseGet(backend::availableMemory));
        for (List<LayerSpec> group : groups) {
            String name =
                    groups.size() == 1 ? "all layers" : "layer " + group.get(0).name();
            boolean dual = dual(group, examples, columns);
            double order = dual ? (double) examples * columns : GaussNewtonBlock.parameters(group);
            if (order * order > backend.maxElements()) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "exact Gauss-Newton needs a %s matrix for %s of %,.0f x %,.0f, the most that backend %s can hold are"
                                + " %,d numbers: %s",
                        dual ? "Gram" : "curvature",
                        name,
                        order,
                        order,
                        backend.name(),
                        backend.maxElements(),
                        sizes));
            }
            if (dual) {
                DualBlock.estimate(memory, name, group, examples, columns);
            } else {
                ExplicitBlock.estimate(memory, name, group, options.batchSize());
            }
        }
        memory.require();
        int count = Math.toIntExact(examples);
        List<GaussNewtonBlock> blocks = new ArrayList<>();
        try {
            for (List<LayerSpec> group : groups) {
                blocks.add(
                        dual(group, examples, columns)
                                ? new DualBlock(backend, group, count, columns, memory)
                                : new ExplicitBlock(backend, group, count, options.batchSize()));
            }
        } catch (RuntimeException | Error e) {
            blocks.forEach(GaussNewtonBlock::close);
            throw e;
        }
        return blocks;
    }

    private boolean dual(List<LayerSpec> layers, long examples, int columns) {
        return switch (options.form()) {
            case AUTO -> (double) examples * columns < GaussNewtonBlock.parameters(layers);
            case EXPLICIT -> false;
            case DUAL -> true;
        };
    }

    private <E> void collect(CapturePass<E> pass, ExampleSource<E> data, int columns, List<GaussNewtonBlock> blocks) {
        List<Place> places = new ArrayList<>();
        for (GaussNewtonBlock block : blocks) {
            for (int l = 0; l < block.layers().size(); l++) {
                places.add(new Place(block, l));
            }
        }
        List<Objective.OutputHessianRoot> roots = IntStream.range(0, columns)
                .mapToObj(Objective.OutputHessianRoot::new)
                .toList();
        int[] arrived = new int[1];
        pass.run(data, options.batchSize(), roots, STAGE, progress, (step, capture) -> {
            Place place = places.get(capture.layerIndex());
            place.block().accept(place.index(), (int) step.firstExample(), step.objective(), capture);
            arrived[0]++;
            if (arrived[0] == places.size()) {
                arrived[0] = 0;
                blocks.forEach(block -> block.endColumn(capture.examples()));
            }
        });
        blocks.forEach(GaussNewtonBlock::finish);
    }

    private record Place(GaussNewtonBlock block, int index) {}

    private Provenance provenance(
            OutputHessianRoots<?> model, ExampleSource<?> data, List<GaussNewtonBlock> blocks, Duration duration) {
        long columns = model.outputHessianColumns();
        String forms = blocks.stream().map(GaussNewtonBlock::form).distinct().collect(Collectors.joining(" and "));
        return Provenance.here(backend.description(), Precision.FLOAT64, model.fingerprint())
                .withOption("strategy", STAGE)
                .withOption("form", forms)
                .withOption("scope", options.scope().toString())
                .withOption("batch size", Integer.toString(options.batchSize()))
                .withCount("examples", data.size())
                .withCount("output Hessian columns", columns)
                .withCount("rows", data.size() * columns)
                .withCount("parameters", GaussNewtonBlock.parameters(model.layers()))
                .withDuration("captures", duration);
    }
}
