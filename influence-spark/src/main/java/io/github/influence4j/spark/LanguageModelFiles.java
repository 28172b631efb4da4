package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextOptions;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** Language models as they are downloaded, in a folder that every machine sees, and lines of JSON that Spark reads. */
public final class LanguageModelFiles {

    private LanguageModelFiles() {}

    /**
     * Takes a checkpoint.
     *
     * @param checkpoint folder of the checkpoint, or a GGUF file
     * @param layers {@code mlp}, {@code attention}, {@code all}, or a pattern of names with * and ?
     * @return the factory
     */
    public static ProviderFactory<TokenSequence> model(Path checkpoint, String layers) {
        return new Model(checkpoint.toAbsolutePath().toString(), layers);
    }

    /**
     * Takes lines of JSON as training examples, as {@link TextData} reads them: longer ones are cut, those of which nothing counts are
     * left out. Where lines have no {@code "id"}, ids are their numbers over all partitions, from 1; counting them takes a job.
     *
     * @param lines the lines, such as {@code spark.textFile(path)} gives them
     * @param checkpoint the model's checkpoint, for its tokeniser
     * @param maxTokens tokens of an example, at most
     * @return the examples
     */
    public static SparkExamples<Tuple2<String, Long>, TokenSequence> training(
            JavaRDD<String> lines, Path checkpoint, int maxTokens) {
        return examples(lines, new Reader(checkpoint.toAbsolutePath().toString(), maxTokens, false));
    }

    /**
     * Takes lines of JSON as queries: none is cut or left out.
     *
     * @param lines the lines
     * @param checkpoint the model's checkpoint, for its tokeniser
     * @param maxTokens tokens of a query, at most
     * @return the queries
     */
    public static SparkExamples<Tuple2<String, Long>, TokenSequence> queries(
            JavaRDD<String> lines, Path checkpoint, int maxTokens) {
        return examples(lines, new Reader(checkpoint.toAbsolutePath().toString(), maxTokens, true));
    }

    private static SparkExamples<Tuple2<String, Long>, TokenSequence> examples(JavaRDD<String> lines, Reader reader) {
        JavaRDD<Tuple2<String, Long>> numbered = lines.zipWithIndex()
                .filter(line -> !line._1().isBlank())
                .map(line -> new Tuple2<>(line._1(), line._2() + 1));
        return new SparkExamples<>(numbered, reader);
    }

    private record Model(String checkpoint, String layers) implements ProviderFactory<TokenSequence> {

        @Override
        public GradientProvider<TokenSequence> open(MatrixBackend backend) throws IOException {
            try (Checkpoint opened = Checkpoint.open(Path.of(checkpoint))) {
                return opened.decoder(
                        backend,
                        LayerSelection.of(opened.shape(), layers).stream()
                                .map(LayerSpec::name)
                                .toList());
            }
        }
    }

    private record Reader(String checkpoint, int maxTokens, boolean questions)
            implements PartitionReader<Tuple2<String, Long>, TokenSequence> {

        /** What a checkpoint says of its text, in a JVM. */
        private record Vocabulary(int size, Optional<ModelTokenizer> tokenizer) {}

        @Override
        public ExampleSource<TokenSequence> read(List<Tuple2<String, Long>> rows) throws IOException {
            Vocabulary vocabulary = ExecutorJvm.once("the tokeniser of " + checkpoint, () -> {
                try (Checkpoint opened = Checkpoint.open(Path.of(checkpoint))) {
                    return new Vocabulary(opened.shape().vocabulary(), opened.tokenizer());
                }
            });
            TextOptions options = questions
                    ? TextOptions.questions(vocabulary.size(), maxTokens)
                    : TextOptions.training(vocabulary.size(), maxTokens);
            Path file = Files.createTempFile("partition", ".jsonl");
            // at the end of the task the last one is called first
            atEnd(() -> Files.deleteIfExists(file));
            Files.write(file, rows.stream().map(Tuple2::_1).toList());
            TextData data = TextData.open(file, vocabulary.tokenizer(), options);
            atEnd(data::close);
            return NumberedText.of(
                    data, file, rows.stream().mapToLong(Tuple2::_2).toArray());
        }

        private static void atEnd(Closeable thing) {
            TaskEnd.run(() -> {
                try {
                    thing.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
