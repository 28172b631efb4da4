package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.Scale;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Query gradients that were preconditioned, and cut to a rank if asked for, at every layer. */
final class PreparedQueries implements AutoCloseable {

    private static final String LEFT = "/left";
    private static final String RIGHT = "/right";
    private static final String WHOLE = "/whole";
    private static final String IN_EIGENBASIS = "/in_eigenbasis";
    private static final String EXPONENTS = "/exponents";
    private static final String LARGEST_CUT = "largest_cut";

    private final MatrixBackend backend;
    private final Optional<EigenbasisSolver> whole;
    private final List<LayerSpec> layers;
    private final int queries;
    private final Optional<QueryRank> rank;
    private final Coordinates coordinates;
    private final long examples;
    private final List<QueryLayer> queryLayers = new ArrayList<>();
    private final BitSet mayMultiplyOut;
    private final Map<Integer, QueryLayer.Full> multipliedOut = new HashMap<>();
    private final boolean[] inEigenbasis;
    /** By layer and query: e, where 2^e times the query is held. */
    private final int[][] exponents;

    private double largestCut;

    /**
     * Makes room for queries.
     *
     * @param solvers the inverse curvature; where it is in memory as a whole, queries may stay in its eigenbasis
     * @param memory what may be held
     * @param coordinates in which they meet training captures
     * @param examples N, number of training examples that will be scored
     */
    PreparedQueries(
            MatrixBackend backend,
            SolverGroups solvers,
            int queries,
            ScoringMemory memory,
            Coordinates coordinates,
            long examples) {
        this.backend = backend;
        this.whole = solvers instanceof WholeSolver one && one.solver() instanceof EigenbasisSolver eigenbasis
                ? Optional.of(eigenbasis)
                : Optional.empty();
        this.layers = solvers.groups().stream().flatMap(List::stream).toList();
        this.queries = queries;
        this.rank = memory.options().rank();
        this.coordinates = coordinates;
        this.examples = examples;
        this.mayMultiplyOut = memory.multipliedOut(layers, queries);
        this.inEigenbasis = new boolean[layers.size()];
        this.exponents = new int[layers.size()][queries];
        try {
            for (LayerSpec layer : layers) {
                queryLayers.add(QueryLayer.allocate(
                        backend, layer, queries, rank.map(QueryRank::rank).orElse(0)));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    QueryLayer layer(int index) {
        return queryLayers.get(index);
    }

    /** Whether the factors of a layer may be multiplied out beside all others that may. */
    boolean mayMultiplyOut(int index) {
        return mayMultiplyOut.get(index);
    }

    /** The factors of a layer multiplied out, made when first asked for. */
    QueryLayer.Full multipliedOut(int index, QueryLayer.Factored factored) {
        return multipliedOut.computeIfAbsent(index, l -> QueryLayer.multiplyOut(backend, factored, queries));
    }

    /** By query: e, where 2^e times the query's gradient at a layer is held; not to be changed. */
    int[] exponents(int index) {
        return exponents[index];
    }

    /** The basis in whose coordinates the queries of a layer are, so that training captures must be too. */
    Optional<LayerEigenbasis> basisOfQueries(int index) {
        return inEigenbasis[index] ? whole.flatMap(solver -> solver.basis(index)) : Optional.empty();
    }

    /** The largest ‖V − V_r‖ / ‖V‖ of any query at any layer; 0 where nothing was cut. */
    double largestCut() {
        return largestCut;
    }

    /** All that {@link #restore} needs for some layers: views, valid as long as this is open. */
    Map<String, Matrix> tensors(List<LayerSpec> group) {
        Map<String, Matrix> tensors = new LinkedHashMap<>();
        for (LayerSpec layer : group) {
            int l = layers.indexOf(layer);
            String name = layer.name();
            if (queryLayers.get(l) instanceof QueryLayer.Factored factored) {
                tensors.put(name + LEFT, factored.left());
                tensors.put(name + RIGHT, factored.right());
            } else if (queryLayers.get(l) instanceof QueryLayer.Full full) {
                tensors.put(name + WHOLE, full.stacked());
            }
            tensors.put(name + IN_EIGENBASIS, number(inEigenbasis[l] ? 1 : 0));
            tensors.put(
                    name + EXPONENTS,
                    Matrix.of(Arrays.stream(exponents[l]).asDoubleStream().toArray(), 1, queries));
        }
        tensors.put(LARGEST_CUT, number(largestCut));
        return tensors;
    }

    private static Matrix number(double value) {
        return Matrix.of(new double[] {value}, 1, 1);
    }

    /**
     * Takes queries that were prepared before, for some layers.
     *
     * @throws IllegalArgumentException if they are of other layers, or held otherwise
     */
    void restore(List<LayerSpec> group, Map<String, Matrix> tensors) {
        for (LayerSpec layer : group) {
            int l = layers.indexOf(layer);
            String name = layer.name();
            if (queryLayers.get(l) instanceof QueryLayer.Factored factored) {
                upload(tensors, name + LEFT, factored.left());
                upload(tensors, name + RIGHT, factored.right());
            } else if (queryLayers.get(l) instanceof QueryLayer.Full full) {
                upload(tensors, name + WHOLE, full.stacked());
            }
            inEigenbasis[l] = number(tensors, name + IN_EIGENBASIS) != 0;
            double[] row = new double[queries];
            find(tensors, name + EXPONENTS).read(0, 1, row, 0);
            Arrays.setAll(exponents[l], q -> (int) row[q]);
        }
        largestCut = Math.max(largestCut, number(tensors, LARGEST_CUT));
    }

    private void upload(Map<String, Matrix> tensors, String name, BackendMatrix target) {
        backend.upload(find(tensors, name), target);
    }

    private static double number(Map<String, Matrix> tensors, String name) {
        double[] value = new double[1];
        find(tensors, name).read(0, 1, value, 0);
        return value[0];
    }

    private static Matrix find(Map<String, Matrix> tensors, String name) {
        Matrix found = tensors.get(name);
        if (found == null) {
            throw new IllegalArgumentException("prepared queries lack " + name + ", found " + tensors.keySet());
        }
        return found;
    }

    /** Captures a batch of queries at the layers of a solver, preconditions them and stores them from query {@code first} on. */
    <E> void add(CapturePass<E> pass, IhvpSolver solver, ExampleBatch<E> batch, int first) {
        int firstLayer = layers.indexOf(solver.layers().get(0));
        if (solver instanceof EigenbasisSolver eigenbasis) {
            try (Scratch gradients = new Scratch(backend);
                    Scratch half = new Scratch(backend);
                    RotatedGradients rotated = new RotatedGradients(backend, Rotation.CHEAPEST)) {
                pass.runBatch(
                        batch,
                        new Objective.Measurement(),
                        (step, capture) -> solve(eigenbasis, firstLayer, first, capture, rotated, gradients, half));
            }
        } else {
            addSolved(pass, solver, batch, first);
        }
    }

    /** Layer by layer, as the captures come: the gradients are formed in the eigenbasis, where solving is a division. */
    private void solve(
            EigenbasisSolver eigenbasis,
            int firstLayer,
            int first,
            UploadedCapture capture,
            RotatedGradients rotated,
            Scratch gradients,
            Scratch half) {
        int l = capture.layerIndex();
        int held = firstLayer + l;
        int count = capture.examples();
        int outputs = capture.layer().outputs();
        Arrays.fill(exponents[held], first, first + count, capture.exponent() + eigenbasis.exponent(l));
        Optional<LayerEigenbasis> basis = eigenbasis.rotates(l) ? eigenbasis.basis(l) : Optional.empty();
        if (queryLayers.get(held) instanceof QueryLayer.Factored factored) {
            BackendMatrix solved =
                    gradients.take(count * outputs, capture.layer().gradientColumns());
            rotated.into(capture, basis, solved);
            eigenbasis.divide(l, count, solved);
            store(held, first, count, solved);
            // thin factors are cheaper to rotate than what they are the factors of
            int r = factored.rank();
            BackendMatrix left = factored.left().rows(first * r, count * r);
            eigenbasis.rotateFactorsBack(l, left, factored.right().rows(first * r, count * r), half);
        } else if (queryLayers.get(held) instanceof QueryLayer.Full full) {
            BackendMatrix solved = full.stacked().rows(first * outputs, count * outputs);
            rotated.into(capture, basis, solved);
            eigenbasis.divide(l, count, solved);
            if (first == 0) {
                // positions of the queries stand in for those of the training examples, which are not known yet
                ScoringCost cost = new ScoringCost(capture.layer(), capture.positions(), queries, 0);
                inEigenbasis[held] =
                        whole.isPresent() && basis.isPresent() && cost.rotatesCaptures(coordinates, examples);
            }
            if (!inEigenbasis[held]) {
                eigenbasis.rotateBack(l, count, solved, half);
            }
        }
    }

    /** For solvers that need all layers of a gradient at once. */
    private <E> void addSolved(CapturePass<E> pass, IhvpSolver solver, ExampleBatch<E> batch, int first) {
        List<Scratch> gradients = new ArrayList<>();
        List<BackendMatrix> stacked = new ArrayList<>();
        try (RotatedGradients plain = new RotatedGradients(backend, Rotation.CHEAPEST)) {
            for (LayerSpec layer : layers) {
                Scratch scratch = new Scratch(backend);
                gradients.add(scratch);
                stacked.add(scratch.take(batch.size() * layer.outputs(), layer.gradientColumns()));
            }
            int[] scales = new int[layers.size()];
            pass.runBatch(batch, new Objective.Measurement(), (step, capture) -> {
                scales[capture.layerIndex()] = capture.exponent();
                plain.into(capture, Optional.empty(), stacked.get(capture.layerIndex()));
            });
            solve(solver, first, batch.size(), stacked, scales);
            for (int l = 0; l < layers.size(); l++) {
                store(l, first, batch.size(), stacked.get(l));
            }
        } finally {
            gradients.forEach(Scratch::close);
        }
    }

    /** Solves for the queries of a batch together, which is what iterative solvers are fastest at. */
    private void solve(IhvpSolver solver, int first, int count, List<BackendMatrix> stacked, int[] scales) {
        List<LayerGradients> gradients = new ArrayList<>();
        for (int q = 0; q < count; q++) {
            List<Matrix> parts = new ArrayList<>();
            for (int l = 0; l < layers.size(); l++) {
                parts.add(Scale.times(part(stacked, l, q), -scales[l]));
            }
            gradients.add(LayerGradients.of(layers, parts));
        }
        List<LayerGradients> solutions = solver.solveAll(gradients);
        for (int q = 0; q < count; q++) {
            for (int l = 0; l < layers.size(); l++) {
                Matrix solution = solutions.get(q).layer(layers.get(l).name());
                int exponent = Scale.exponent(backend.precision(), solution);
                exponents[l][first + q] = exponent;
                backend.upload(Scale.times(solution, exponent), part(stacked, l, q));
            }
        }
    }

    private BackendMatrix part(List<BackendMatrix> stacked, int layer, int query) {
        int outputs = layers.get(layer).outputs();
        return stacked.get(layer).rows(query * outputs, outputs);
    }

    private void store(int layer, int first, int count, BackendMatrix stacked) {
        int outputs = layers.get(layer).outputs();
        if (queryLayers.get(layer) instanceof QueryLayer.Factored factored) {
            LowRank lowRank = new LowRank(backend, rank.orElseThrow());
            int r = factored.rank();
            for (int q = 0; q < count; q++) {
                double cut = lowRank.cut(
                        stacked.rows(q * outputs, outputs),
                        factored.left().rows((first + q) * r, r),
                        factored.right().rows((first + q) * r, r));
                largestCut = Math.max(largestCut, cut);
            }
        } else if (queryLayers.get(layer) instanceof QueryLayer.Full full) {
            backend.upload(stacked, full.stacked().rows(first * outputs, count * outputs));
        }
    }

    @Override
    public void close() {
        queryLayers.forEach(QueryLayer::close);
        multipliedOut.values().forEach(QueryLayer::close);
    }
}
