package io.github.influence4j.spark;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** Lines of tokens and a small Llama. */
record TextSubject(Path folder) implements Subject<TokenSequence> {

    private static final Path MODEL = Path.of("../influence-lm/src/test/resources/parity-lm/llama");
    private static final int LENGTH = 12;

    private Path file(Side side) {
        return folder.resolve(side == Side.QUERIES ? "questions.jsonl" : "train.jsonl");
    }

    private static String lines(int count, long seed) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToObj(k -> random.ints(3 + random.nextInt(8), 0, 160)
                        .mapToObj(String::valueOf)
                        .collect(Collectors.joining(",", "{\"input_ids\":[", "]}\n")))
                .collect(Collectors.joining());
    }

    private Path model() {
        return folder.resolve("model");
    }

    /** The checkpoint too: the driver of a cluster runs in another folder. */
    @Override
    public void write() throws IOException {
        Files.createDirectories(model());
        try (Stream<Path> files = Files.list(MODEL)) {
            for (Path file : files.toList()) {
                Files.copy(file, model().resolve(file.getFileName()));
            }
        }
        Files.writeString(file(Side.TRAINING), lines(60, 7));
        Files.writeString(file(Side.QUERIES), lines(4, 8));
    }

    @Override
    public ProviderFactory<TokenSequence> fitted() {
        return LanguageModelFiles.model(model(), "all");
    }

    @Override
    public ProviderFactory<TokenSequence> scored(Path factors) {
        return fitted();
    }

    @Override
    public SparkExamples<Tuple2<String, Long>, TokenSequence> examples(JavaSparkContext spark, Side side, Layout layout)
            throws IOException {
        var lines = layout.of(spark, Files.readAllLines(file(side)));
        return side == Side.QUERIES
                ? LanguageModelFiles.queries(lines, model(), LENGTH)
                : LanguageModelFiles.training(lines, model(), LENGTH);
    }

    @Override
    public OneJvm inOneJvm(Precision precision) throws IOException {
        try (MatrixBackend backend = MatrixBackends.named("openblas", precision);
                Checkpoint checkpoint = Checkpoint.open(model());
                Decoder model = checkpoint.decoder(
                        backend,
                        LayerSelection.of(checkpoint.shape(), "all").stream()
                                .map(LayerSpec::name)
                                .toList());
                TextData train = TextData.open(
                        file(Side.TRAINING),
                        Optional.empty(),
                        TextOptions.training(checkpoint.shape().vocabulary(), LENGTH));
                TextData queries = TextData.open(
                        file(Side.QUERIES),
                        Optional.empty(),
                        TextOptions.questions(checkpoint.shape().vocabulary(), LENGTH))) {
            return OneJvm.of(backend, model, train, queries, DAMPING);
        }
    }
}
