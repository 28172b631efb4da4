package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Scores training captures against prepared queries, ⟨V_q, G_z⟩ = Σ_p g_pᵀ V_q ā_p.
 *
 * <p>Queries of rank r need two tall products and a row-wise sum, 2t·r(i + o + 1) flops a query and example, and never a
 * gradient; for whole queries see {@link Path}.
 */
final class PairwisePass implements CapturePass.Consumer, AutoCloseable {

    private final MatrixBackend backend;
    private final PreparedQueries prepared;
    private final int firstQuery;
    private final long[] queryIds;
    private final int queries;
    private final Path path;
    private final ScoreCollector<?> collector;
    private final RotatedGradients rotated;
    private final Scratch left;
    private final Scratch right;
    private final Scratch results;
    private final Scratch exactScores;
    private final Scratch sums;
    /** By number: rows of ones that add up positions. */
    private final Map<Integer, BackendMatrix> ones = new HashMap<>();

    private long[] ids = {};
    private double[] host = new double[0];
    private float[] narrow = new float[0];

    PairwisePass(
            MatrixBackend backend,
            PreparedQueries prepared,
            int firstQuery,
            long[] queryIds,
            Path path,
            ScoreCollector<?> scores) {
        this.backend = backend;
        this.prepared = prepared;
        this.firstQuery = firstQuery;
        this.queryIds = queryIds;
        this.queries = queryIds.length;
        this.path = path;
        this.collector = scores;
        this.rotated = new RotatedGradients(backend, Rotation.CHEAPEST);
        this.left = new Scratch(backend);
        this.right = new Scratch(backend);
        this.results = new Scratch(backend);
        this.exactScores = new Scratch(backend, Precision.FLOAT64);
        this.sums = new Scratch(backend, Precision.FLOAT64);
    }

    @Override
    public void startBatch(CapturePass.Step step) {
        ids = step.ids();
        collector.startBatch(step.firstExample(), ids);
    }

    @Override
    public void finishBatch() {
        collector.finishBatch();
    }

    @Override
    public void accept(CapturePass.Step step, UploadedCapture plain) {
        int layer = plain.layerIndex();
        UploadedCapture capture = prepared.basisOfQueries(layer)
                .map(basis -> plain.with(
                        rotated.activations(plain, Optional.of(basis)),
                        rotated.outputGradients(plain, Optional.of(basis))))
                .orElse(plain);
        boolean tokens = collector.keepsTokens(capture.layer());
        if (prepared.layer(layer) instanceof QueryLayer.Factored factored) {
            ScoringCost cost = new ScoringCost(capture.layer(), capture.positions(), queries, factored.rank());
            if (cost.multipliesOut(path, tokens) && prepared.mayMultiplyOut(layer)) {
                addByGradients(capture, prepared.multipliedOut(layer, factored));
            } else {
                addByPositions(capture, factored);
            }
        } else if (prepared.layer(layer) instanceof QueryLayer.Full full) {
            ScoringCost cost = new ScoringCost(capture.layer(), capture.positions(), queries, 0);
            if (cost.whole(path, tokens) == Path.GRADIENT) {
                addByGradients(capture, full);
            } else {
                addByPositions(capture, full);
            }
        }
    }

    /** Every query is read once for all examples of a chunk, a tile of outputs at a time. */
    private void addByGradients(UploadedCapture capture, QueryLayer.Full full) {
        int inputs = capture.layer().gradientColumns();
        BackendMatrix flatQueries =
                full.stacked().reshape(queries, Math.toIntExact(capture.layer().parameters()));
        rotated.forEach(capture, Optional.empty(), chunk -> {
            BackendMatrix scores = results.take(chunk.examples(), queries);
            chunk.forEach((first, outputs, gradients) -> {
                Operand flat = Operand.of(gradients.reshape(chunk.examples(), outputs * inputs));
                BackendMatrix tile = flatQueries.view(0, queries, first * inputs, outputs * inputs);
                backend.multiply(1, flat, Operand.transposed(tile), first == 0 ? 0 : 1, scores);
            });
            addExamples(capture, chunk.firstExample(), scores, 0);
        });
    }

    private void addByPositions(UploadedCapture capture, QueryLayer queryLayer) {
        int rows = capture.activations().rows();
        int each = queryLayer instanceof QueryLayer.Factored f
                ? f.rank()
                : capture.layer().outputs();
        int positions = capture.positions();
        int together = ScoringCost.queriesAtOnce(backend.workSizes(), rows, queries, each);
        int most = ScoringCost.atOnce(backend.workSizes(), rows, (long) together * each);
        boolean summed = positions > 1 && most >= positions && !collector.keepsTokens(capture.layer());
        if (summed) {
            most -= most % positions;
        }
        for (int first = 0; first < rows; first += most) {
            int count = Math.min(most, rows - first);
            BackendMatrix a = capture.activations().rows(first, count);
            BackendMatrix g = capture.outputGradients().rows(first, count);
            for (int start = 0; start < queries; start += together) {
                int asked = Math.min(together, queries - start);
                BackendMatrix scores = project(a, g, queryLayer, start * each, asked * each, asked);
                if (summed) {
                    addExamples(capture, first / positions, sumPositions(scores, positions), start);
                } else {
                    addPositions(capture, first, scores, start);
                }
            }
        }
    }

    /** Scores of some positions for some queries, which are rows of the factors or of the stacked gradients: [rows, asked]. */
    private BackendMatrix project(
            BackendMatrix a, BackendMatrix g, QueryLayer queryLayer, int firstWide, int width, int asked) {
        BackendMatrix projected = left.take(a.rows(), width);
        BackendMatrix scores = results.take(a.rows(), asked);
        if (queryLayer instanceof QueryLayer.Factored factored) {
            BackendMatrix other = right.take(a.rows(), width);
            backend.multiply(Operand.of(a), Operand.transposed(factored.right().rows(firstWide, width)), projected);
            backend.multiply(Operand.of(g), Operand.transposed(factored.left().rows(firstWide, width)), other);
            backend.rowDots(asked, projected, other, scores);
        } else if (queryLayer instanceof QueryLayer.Full full) {
            backend.multiply(Operand.of(a), Operand.transposed(full.stacked().rows(firstWide, width)), projected);
            backend.rowDots(asked, projected, g, scores);
        }
        return scores;
    }

    /** Adds up the rows of each example, in float64, so that a t-th of the numbers leave the backend's memory. */
    private BackendMatrix sumPositions(BackendMatrix scores, int positions) {
        int examples = scores.rows() / positions;
        BackendMatrix exact = exactScores.take(scores.rows(), scores.columns());
        backend.upload(scores, exact);
        BackendMatrix sum = sums.take(examples, scores.columns());
        backend.multiplyBatch(examples, 1, Operand.of(ones(positions)).forAll(), Operand.of(exact), 0, sum);
        return sum;
    }

    private BackendMatrix ones(int positions) {
        return ones.computeIfAbsent(positions, count -> {
            double[] row = new double[count];
            Arrays.fill(row, 1);
            return backend.copyOf(Matrix.of(row, 1, count), Precision.FLOAT64);
        });
    }

    /** Adds [examples, asked] scores of the queries from the {@code start}-th on. */
    private void addExamples(UploadedCapture capture, int firstExample, BackendMatrix scores, int start) {
        double[] values = read(scores);
        int asked = scores.columns();
        for (int k = 0; k < scores.rows(); k++) {
            finish(capture, firstExample + k, values, k * asked, start, asked);
            collector.add(capture.layerIndex(), firstExample + k, firstQuery + start, asked, values, k * asked);
        }
    }

    /** Adds [rows, asked] scores of positions to those of their examples and tokens. */
    private void addPositions(UploadedCapture capture, int firstRow, BackendMatrix scores, int start) {
        double[] values = read(scores);
        int asked = scores.columns();
        int layer = capture.layerIndex();
        int query = firstQuery + start;
        boolean tokens = collector.keepsTokens(capture.layer());
        for (int r = 0; r < scores.rows(); r++) {
            int example = (firstRow + r) / capture.positions();
            int token = (firstRow + r) % capture.positions() % capture.tokens();
            finish(capture, example, values, r * asked, start, asked);
            collector.add(layer, example, query, asked, values, r * asked);
            for (int q = 0; tokens && q < asked; q++) {
                collector.addToken(layer, query + q, example, token, capture.tokens(), values[r * asked + q]);
            }
        }
    }

    /** Takes the scales of queries and capture out of the scores of an example, and refuses what is not finite. */
    private void finish(UploadedCapture capture, int example, double[] values, int at, int start, int asked) {
        int own = capture.exponent();
        int[] exponents = prepared.exponents(capture.layerIndex());
        for (int q = 0; q < asked; q++) {
            int exponent = own + exponents[start + q];
            double score = exponent == 0 ? values[at + q] : Math.scalb(values[at + q], -exponent);
            if (!Double.isFinite(score)) {
                throw new NumericalException("layer " + capture.layer().name() + ": the score of training example "
                        + ids[example] + " for query " + queryIds[start + q] + " is " + score + ", out of the range of "
                        + backend.precision() + "; scale the loss, or use float64");
            }
            values[at + q] = score;
        }
    }

    private double[] read(BackendMatrix scores) {
        int numbers = scores.rows() * scores.columns();
        if (host.length < numbers) {
            host = new double[numbers];
        }
        if (scores.precision() == Precision.FLOAT64) {
            scores.read(0, scores.rows(), host, 0);
            return host;
        }
        // through memory of our own, which a matrix would make anew each time
        if (narrow.length < numbers) {
            narrow = new float[numbers];
        }
        scores.read(0, scores.rows(), narrow, 0);
        for (int k = 0; k < numbers; k++) {
            host[k] = narrow[k];
        }
        return host;
    }

    @Override
    public void close() {
        rotated.close();
        left.close();
        right.close();
        results.close();
        exactScores.close();
        sums.close();
        ones.values().forEach(BackendMatrix::close);
    }
}
