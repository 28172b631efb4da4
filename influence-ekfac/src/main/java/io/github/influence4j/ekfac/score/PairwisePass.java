package io.github.influence4j.ekfac.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.factor.Scratch;
import io.github.influence4j.ekfac.factor.UploadedCapture;
import io.github.influence4j.ekfac.score.ScoreOptions.Path;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/**
 * Scores training captures against prepared queries, ⟨V_q, G_z⟩ = Σ_p g_pᵀ V_q ā_p.
 *
 * <p>Queries of rank r need two tall products and a row-wise sum, 2t·r(i + o + 1) flops a query and example, and never a
 * gradient; for whole queries see {@link Path}.
 */
final class PairwisePass implements AutoCloseable {

    /** Most numbers of an intermediate matrix. */
    private static final long MOST_NUMBERS = 1L << 24;

    private final MatrixBackend backend;
    private final PreparedQueries prepared;
    private final int firstQuery;
    private final int queries;
    private final Path path;
    private final ScoreTable table;
    private final Scratch left;
    private final Scratch right;
    private final Scratch results;
    private double[] host = new double[0];

    PairwisePass(
            MatrixBackend backend, PreparedQueries prepared, int firstQuery, int queries, Path path, ScoreTable table) {
        this.backend = backend;
        this.prepared = prepared;
        this.firstQuery = firstQuery;
        this.queries = queries;
        this.path = path;
        this.table = table;
        this.left = new Scratch(backend);
        this.right = new Scratch(backend);
        this.results = new Scratch(backend);
    }

    /** Adds one layer of one batch to the table. */
    void add(int firstExample, UploadedCapture capture) {
        if (prepared.layer(capture.layerIndex()) instanceof QueryLayer.Full full && formsGradients(capture)) {
            addByGradients(firstExample, capture, full);
        } else {
            addByPositions(firstExample, capture, prepared.layer(capture.layerIndex()));
        }
    }

    private boolean formsGradients(UploadedCapture capture) {
        if (table.keepsTokens(capture.layer())) {
            return false;
        }
        double t = capture.positions();
        return switch (path) {
            case PROJECTION -> false;
            case GRADIENT -> true;
            case CHEAPEST -> t + queries < t * queries;
        };
    }

    private void addByGradients(int firstExample, UploadedCapture capture, QueryLayer.Full full) {
        LayerSpec layer = capture.layer();
        int parameters = Math.toIntExact(layer.parameters());
        int most = (int) Math.max(1, Math.min(capture.examples(), MOST_NUMBERS / parameters));
        Operand flatQueries = Operand.transposed(full.stacked().reshape(queries, parameters));
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            UploadedCapture part = capture.examples(first, count);
            BackendMatrix gradients = left.take(count * layer.outputs(), layer.gradientColumns());
            Operand g = Operand.transposed(part.outputGradients());
            backend.multiplyBatch(count, 1, g, Operand.of(part.activations()), 0, gradients);
            BackendMatrix scores = results.take(count, queries);
            backend.multiply(Operand.of(gradients.reshape(count, parameters)), flatQueries, scores);
            table.add(capture.layerIndex(), firstQuery, queries, firstExample + first, count, read(scores));
        }
    }

    private void addByPositions(int firstExample, UploadedCapture capture, QueryLayer queryLayer) {
        int rows = capture.activations().rows();
        int width = queryLayer instanceof QueryLayer.Factored f
                ? f.left().rows()
                : queries * capture.layer().outputs();
        int most = (int) Math.max(1, Math.min(rows, MOST_NUMBERS / width));
        for (int first = 0; first < rows; first += most) {
            int count = Math.min(most, rows - first);
            BackendMatrix a = capture.activations().rows(first, count);
            BackendMatrix g = capture.outputGradients().rows(first, count);
            BackendMatrix projected = left.take(count, width);
            BackendMatrix scores = results.take(count, queries);
            if (queryLayer instanceof QueryLayer.Factored factored) {
                BackendMatrix other = right.take(count, width);
                backend.multiply(Operand.of(a), Operand.transposed(factored.right()), projected);
                backend.multiply(Operand.of(g), Operand.transposed(factored.left()), other);
                backend.rowDots(queries, projected, other, scores);
            } else if (queryLayer instanceof QueryLayer.Full full) {
                backend.multiply(Operand.of(a), Operand.transposed(full.stacked()), projected);
                backend.rowDots(queries, projected, g, scores);
            }
            ScoreTable.Shape shape = new ScoreTable.Shape(count, capture.positions(), capture.tokens());
            table.addPositions(capture.layerIndex(), firstQuery, queries, firstExample, first, shape, read(scores));
        }
    }

    private double[] read(BackendMatrix scores) {
        int numbers = scores.rows() * scores.columns();
        if (host.length < numbers) {
            host = new double[numbers];
        }
        scores.read(0, scores.rows(), host, 0);
        return host;
    }

    @Override
    public void close() {
        left.close();
        right.close();
        results.close();
    }
}
