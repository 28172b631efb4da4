package io.github.influence4j.ekfac.score;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.factor.CapturePass;
import io.github.influence4j.ekfac.factor.Scratch;
import io.github.influence4j.ekfac.factor.UploadedCapture;
import io.github.influence4j.ekfac.solve.EigenbasisSolver;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.ThinSvd;
import java.util.ArrayList;
import java.util.List;

/** Query gradients that were preconditioned, and cut to a rank if asked for, at every layer. */
final class PreparedQueries implements AutoCloseable {

    private final MatrixBackend backend;
    private final List<LayerSpec> layers;
    private final List<QueryLayer> queryLayers = new ArrayList<>();

    PreparedQueries(MatrixBackend backend, List<LayerSpec> layers, int queries, int rank) {
        this.backend = backend;
        this.layers = layers;
        try {
            for (LayerSpec layer : layers) {
                queryLayers.add(QueryLayer.allocate(backend, layer, queries, rank));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    QueryLayer layer(int index) {
        return queryLayers.get(index);
    }

    /** Captures a batch of queries, preconditions them and stores them from query {@code first} on. */
    <E> void add(CapturePass<E> pass, IhvpSolver solver, ExampleBatch<E> batch, int first) {
        List<Scratch> gradients = new ArrayList<>();
        List<BackendMatrix> stacked = new ArrayList<>();
        try {
            for (LayerSpec layer : layers) {
                Scratch scratch = new Scratch(backend);
                gradients.add(scratch);
                stacked.add(scratch.take(batch.size() * layer.outputs(), layer.gradientColumns()));
            }
            pass.runBatch(
                    batch,
                    new Objective.Measurement(),
                    (step, capture) -> sumPositions(capture, stacked.get(capture.layerIndex())));
            precondition(solver, batch.size(), stacked);
            for (int l = 0; l < layers.size(); l++) {
                store(l, first, batch.size(), stacked.get(l));
            }
        } finally {
            gradients.forEach(Scratch::close);
        }
    }

    private void sumPositions(UploadedCapture capture, BackendMatrix stacked) {
        backend.multiplyBatch(
                capture.examples(),
                1,
                Operand.transposed(capture.outputGradients()),
                Operand.of(capture.activations()),
                0,
                stacked);
    }

    private void precondition(IhvpSolver solver, int count, List<BackendMatrix> stacked) {
        if (solver instanceof EigenbasisSolver eigenbasis) {
            try (Scratch half = new Scratch(backend)) {
                for (int l = 0; l < layers.size(); l++) {
                    eigenbasis.solveInPlace(l, count, stacked.get(l), half);
                }
            }
            return;
        }
        for (int q = 0; q < count; q++) {
            List<BackendMatrix> parts = new ArrayList<>();
            for (int l = 0; l < layers.size(); l++) {
                int outputs = layers.get(l).outputs();
                parts.add(stacked.get(l).rows(q * outputs, outputs));
            }
            LayerGradients solution = solver.solve(LayerGradients.of(layers, List.copyOf(parts)));
            for (int l = 0; l < layers.size(); l++) {
                backend.upload(solution.layer(layers.get(l).name()), parts.get(l));
            }
        }
    }

    private void store(int layer, int first, int count, BackendMatrix stacked) {
        int outputs = layers.get(layer).outputs();
        if (queryLayers.get(layer) instanceof QueryLayer.Factored factored) {
            for (int q = 0; q < count; q++) {
                factor(stacked.rows(q * outputs, outputs), factored, first + q);
            }
        } else if (queryLayers.get(layer) instanceof QueryLayer.Full full) {
            backend.upload(stacked, full.stacked().rows(first * outputs, count * outputs));
        }
    }

    /** The best approximation of this rank in Frobenius norm: V ≈ (U_r Σ_r) V_rᵀ. */
    private void factor(BackendMatrix gradient, QueryLayer.Factored target, int query) {
        int rank = target.rank();
        try (BackendMatrix exact = backend.copyOf(gradient, Precision.FLOAT64);
                ThinSvd svd = backend.svd(exact)) {
            double[][] u = svd.u().toArray();
            double[][] left = new double[rank][u.length];
            for (int k = 0; k < rank; k++) {
                for (int o = 0; o < u.length; o++) {
                    left[k][o] = u[o][k] * svd.values()[k];
                }
            }
            backend.upload(Matrix.of(left), target.left().rows(query * rank, rank));
            backend.upload(svd.vt().rows(0, rank), target.right().rows(query * rank, rank));
        }
    }

    @Override
    public void close() {
        queryLayers.forEach(QueryLayer::close);
    }
}
