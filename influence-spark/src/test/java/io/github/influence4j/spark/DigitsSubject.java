package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.models.TrainedMlp;
import io.github.influence4j.models.TrainingOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.spark.api.java.JavaSparkContext;

/** The handwritten digits and a perceptron that was trained to read them, as a host of one's own. */
record DigitsSubject(Path folder) implements Subject<LabelledExample> {

    private static final Path IMAGES = Path.of("../examples/src/main/resources/data/digits.csv.gz");
    private static final MlpShape SHAPE = MlpShape.of(Activation.RELU, Loss.SOFTMAX_CROSS_ENTROPY, 64, 64, 10);
    private static final double INK = 16;
    private static final int QUERIES = 12;

    private Path weights() {
        return folder.resolve("weights");
    }

    /** A line an image: its id, its pixels, its label. */
    private List<String> lines(Side side) throws IOException {
        List<String> all = Files.readAllLines(folder.resolve("images"));
        int queries = all.size() - QUERIES;
        return List.copyOf(side == Side.QUERIES ? all.subList(queries, all.size()) : all.subList(0, queries));
    }

    private static ExampleSource<LabelledExample> read(List<String> lines) {
        List<double[]> rows = lines.stream()
                .map(line -> Arrays.stream(line.split(","))
                        .mapToDouble(Double::parseDouble)
                        .toArray())
                .toList();
        return ExampleSource.of(
                rows.stream()
                        .map(row -> LabelledExample.classified(
                                Arrays.stream(row, 1, 65).map(ink -> ink / INK).toArray(), (int) row[65]))
                        .toList(),
                rows.stream().mapToLong(row -> (long) row[0]).toArray());
    }

    @Override
    public void write() throws IOException {
        Files.createDirectories(folder);
        try (BufferedReader images = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(IMAGES)), StandardCharsets.US_ASCII))) {
            List<String> lines = images.lines().toList();
            Files.write(
                    folder.resolve("images"),
                    IntStream.range(0, lines.size())
                            .mapToObj(id -> id + "," + lines.get(id))
                            .toList());
        }
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                Mlp start = Mlp.create(backend, SHAPE, 1);
                TrainedMlp trained = MlpTraining.train(
                        start, read(lines(Side.TRAINING)), TrainingOptions.sgd().withEpochs(3))) {
            double[] flat = trained.model().weights().toFlat();
            ByteBuffer bytes = ByteBuffer.allocate(flat.length * Double.BYTES);
            bytes.asDoubleBuffer().put(flat);
            Files.write(weights(), bytes.array());
        }
    }

    private static Mlp open(MatrixBackend backend, Path weights) throws IOException {
        double[] flat = new double[(int) Files.size(weights) / Double.BYTES];
        ByteBuffer.wrap(Files.readAllBytes(weights)).asDoubleBuffer().get(flat);
        try (Mlp form = Mlp.create(backend, SHAPE, 1)) {
            return form.withWeights(LayerGradients.ofFlat(SHAPE.layers(), flat));
        }
    }

    private record Opened(String weights) implements ProviderFactory<LabelledExample> {
        @Override
        public GradientProvider<LabelledExample> open(MatrixBackend backend) throws IOException {
            return DigitsSubject.open(backend, Path.of(weights));
        }
    }

    @Override
    public ProviderFactory<LabelledExample> fitted() {
        return new Opened(weights().toString());
    }

    @Override
    public ProviderFactory<LabelledExample> scored(Path factors) {
        return fitted();
    }

    @Override
    public SparkExamples<String, LabelledExample> examples(JavaSparkContext spark, Side side, Layout layout)
            throws IOException {
        return new SparkExamples<>(layout.of(spark, lines(side)), DigitsSubject::read);
    }

    @Override
    public OneJvm inOneJvm(Precision precision) throws IOException {
        try (MatrixBackend backend = MatrixBackends.named("openblas", precision);
                Mlp model = open(backend, weights())) {
            return OneJvm.of(backend, model, read(lines(Side.TRAINING)), read(lines(Side.QUERIES)), DAMPING);
        }
    }
}
