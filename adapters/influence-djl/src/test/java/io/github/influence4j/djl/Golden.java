package io.github.influence4j.djl;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.ParameterList;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What kronfluence ({@code src/test/python/golden.py}) or dense float64 algebra ({@code dense.py}) computed for the same
 * weights, data and drawn labels.
 */
final class Golden {

    private static final long SEED = 7;

    private final JsonNode root;

    private Golden(JsonNode root) {
        this.root = root;
    }

    static Golden load(String name) {
        try (InputStream in = Objects.requireNonNull(Golden.class.getResourceAsStream("/golden/" + name + ".json"))) {
            return new Golden(JsonMapper.shared().readTree(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts the golden weights into a model. */
    Block load(Block block, NDManager manager, Shape input) {
        block.initialize(manager, DataType.FLOAT32, input);
        ParameterList parameters = block.getParameters();
        root.get("weights").properties().forEach(entry -> {
            String name = entry.getKey().replace('.', '_').replace('/', '_');
            String own = name.equals("embedding")
                    ? "01embedding_weight"
                    : name.replace("norm1_", "02norm1_").replace("norm2_", "04norm2_");
            own = own.contains("norm") ? own.replace("_weight", "_gamma").replace("_bias", "_beta") : own;
            Objects.requireNonNull(parameters.get(own), own).getArray().set(floats(entry.getValue()));
        });
        return block;
    }

    List<DjlExample> examples(String set, long... shape) {
        JsonNode inputs = root.get(set).get("inputs");
        JsonNode labels = root.get(set).get("labels");
        List<DjlExample> examples = new ArrayList<>();
        for (int e = 0; e < inputs.size(); e++) {
            float[] values = floats(inputs.get(e));
            if (shape.length > 0) {
                examples.add(DjlExample.classified(values, labels.get(e).get(0).asInt(), shape));
            } else {
                long[] tokens = new long[values.length];
                int[] classes = new int[values.length];
                for (int t = 0; t < tokens.length; t++) {
                    tokens[t] = (long) values[t];
                    classes[t] = labels.get(e).get(t).asInt();
                }
                examples.add(DjlExample.sequence(tokens, classes));
            }
        }
        return examples;
    }

    /** A table of numbers, by what it is and by layer. */
    double[][] table(String what, String layer) {
        JsonNode rows = Objects.requireNonNull(root.get(what).get(layer), layer);
        double[][] scores = new double[rows.size()][];
        for (int q = 0; q < scores.length; q++) {
            scores[q] = new double[rows.get(q).size()];
            for (int z = 0; z < scores[q].length; z++) {
                scores[q][z] = rows.get(q).get(z).asDouble();
            }
        }
        return scores;
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int k = 0; k < values.length; k++) {
            values[k] = (float) array.get(k).asDouble();
        }
        return values;
    }

    /** Scores, layer by layer, with the labels that the golden run drew. */
    static InfluenceScores compute(
            Strategy strategy, GradientProvider<DjlExample> model, List<DjlExample> train, List<DjlExample> queries) {
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                EigenbasisCurvature curvature = EigenbasisApproximator.<DjlExample>of(
                                backend,
                                FitOptions.defaults().withStrategy(strategy).withLabels(FisherLabels.sampled(SEED)))
                        .fit(model, ExampleSource.of(train));
                IhvpSolver solver = curvature.solver(Damping.relative(0.1))) {
            ScoreOptions options = ScoreOptions.defaults().withPerLayer(true);
            return new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                    .pairwise(solver, ExampleSource.of(queries), ExampleSource.of(train));
        }
    }
}
