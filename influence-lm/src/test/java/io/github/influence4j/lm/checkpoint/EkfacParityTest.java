package io.github.influence4j.lm.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.testkit.Tolerances;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** EK-FAC scores of tiny checkpoints against kronfluence's, see src/test/python/golden_scores.py. */
class EkfacParityTest {

    /** The same layers, each with an input of its own for all that anybody is told. */
    private record Unshared(Decoder decoder) implements GradientProvider<TokenSequence> {
        @Override
        public List<LayerSpec> layers() {
            return decoder.layers();
        }

        @Override
        public int positions(TokenSequence example) {
            return decoder.positions(example);
        }

        @Override
        public void capture(
                ExampleBatch<TokenSequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            decoder.capture(batch, objective, wanted, sink);
        }
    }

    @ParameterizedTest
    @CsvSource({"llama,true", "llama,false", "qwen2,true", "qwen2,false", "gpt_neox,true"})
    void scoresAreThoseOfKronfluence(String family, boolean shared) throws Exception {
        Path folder = CheckpointParityTest.FOLDER.resolve(family);
        JsonNode golden = JsonMapper.shared().readTree(Files.readString(folder.resolve("scores.json")));
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                Decoder decoder = checkpoint.decoder(backend, CheckpointParityTest.mapsOfBlocks(checkpoint));
                SafetensorsFile batch = SafetensorsFile.open(folder.resolve("batch.safetensors"))) {
            assertEquals(family.equals("gpt_neox"), decoder.sharedInputs().isEmpty());
            ExampleSource<TokenSequence> train = ExampleSource.of(CheckpointParityTest.sequences(batch));
            try (FittedCurvature<TokenSequence> fitted = Ekfac.on(backend)
                    .with(FitOptions.defaults()
                            .withLabels(FisherLabels.empirical())
                            .withBatchSize(2))
                    .fit(shared ? decoder : new Unshared(decoder), train)) {
                InfluenceScores scores = fitted.damped(Damping.DEFAULT)
                        .with(ScoreOptions.defaults().withPerLayer(true))
                        .pairwise(queries(golden), train);
                Map<String, List<List<Double>>> expected = JsonMapper.shared()
                        .convertValue(golden.get("scores"), new tools.jackson.core.type.TypeReference<>() {});
                assertFalse(expected.isEmpty());
                expected.forEach((layer, values) -> CheckpointParityTest.compare(
                        layer,
                        values.stream()
                                .map(row -> row.stream()
                                        .mapToDouble(Double::doubleValue)
                                        .toArray())
                                .toArray(double[][]::new),
                        scores.layer(layer).toArray(),
                        Tolerances.PARITY_FLOAT64));
                assertEquals(expected.size(), scores.layers().size());
            }
        }
    }

    private static ExampleSource<TokenSequence> queries(JsonNode golden) {
        List<TokenSequence> queries = new ArrayList<>();
        for (JsonNode row : golden.get("queries")) {
            int[] tokens = new int[row.size()];
            for (int p = 0; p < tokens.length; p++) {
                tokens[p] = row.get(p).asInt();
            }
            queries.add(TokenSequence.after(tokens, golden.get("prompt").asInt()));
        }
        return ExampleSource.of(queries);
    }
}
