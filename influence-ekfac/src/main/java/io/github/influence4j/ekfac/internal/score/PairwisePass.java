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
            addExamples(capture, chunk.firstExample(), scores);
        });
    }

    private void addByPositions(UploadedCapture capture, QueryLayer queryLayer) {
        int rows = capture.activations().rows();
        int width = queryLayer instanceof QueryLayer.Factored f
                ? f.left().rows()
                : queries * capture.layer().outputs();
        int positions = capture.positions();
        int most = ScoringCost.atOnce(backend.workSizes(), rows, width);
        boolean summed = positions > 1 && most >= positions && !collector.keepsTokens(capture.layer());
        if (summed) {
            most -= most % positions;
        }
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
            if (summed) {
                addExamples(capture, first / positions, sumPositions(scores, positions));
            } else {
                addPositions(capture, first, scores);
            }
        }
    }

    /** Adds up the rows of each example, in float64, so that a t-th of the numbers leave the backend's memory. */
    private BackendMatrix sumPositions(BackendMatrix scores, int positions) {
        int examples = scores.rows() / positions;
        BackendMatrix exact = exactScores.take(scores.rows(), queries);
        backend.upload(scores, exact);
        BackendMatrix sum = sums.take(examples, queries);
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

    private void addExamples(UploadedCapture capture, int firstExample, BackendMatrix scores) {
        double[] values = read(scores);
        for (int k = 0; k < scores.rows(); k++) {
            finish(capture, firstExample + k, values, k * queries);
            collector.add(capture.layerIndex(), firstExample + k, firstQuery, queries, values, k * queries);
        }
    }

    /** Adds [rows, queries] scores of positions to those of their examples and tokens. */
    private void addPositions(UploadedCapture capture, int firstRow, BackendMatrix scores) {
        double[] values = read(scores);
        int layer = capture.layerIndex();
        boolean tokens = collector.keepsTokens(capture.layer());
        for (int r = 0; r < scores.rows(); r++) {
            int example = (firstRow + r) / capture.positions();
            int token = (firstRow + r) % capture.positions() % capture.tokens();
            finish(capture, example, values, r * queries);
            collector.add(layer, example, firstQuery, queries, values, r * queries);
            for (int q = 0; tokens && q < queries; q++) {
                collector.addToken(layer, firstQuery + q, example, token, capture.tokens(), values[r * queries + q]);
            }
        }
    }

    /** Takes the scales of queries and capture out of the scores of an example, and refuses what is not finite. */
    private void finish(UploadedCapture capture, int example, double[] values, int start) {
        int own = capture.exponent();
        int[] exponents = prepared.exponents(capture.layerIndex());
        for (int q = 0; q < queries; q++) {
            int exponent = own + exponents[q];
            double score = exponent == 0 ? values[start + q] : Math.scalb(values[start + q], -exponent);
            if (!Double.isFinite(score)) {
                throw new NumericalException("layer " + capture.layer().name() + ": the score of training example "
                        + ids[example] + " for query " + queryIds[q] + " is " + score + ", out of the range of "
                        + backend.precision() + "; scale the loss, or use float64");
            }
            values[start + q] = score;
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
