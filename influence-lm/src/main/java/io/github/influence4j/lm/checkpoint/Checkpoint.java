package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.WeightSource;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.gguf.GgufFile;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A language model in a folder as it is downloaded, {@code config.json}, {@code model.safetensors} or shards with an index, and
 * the tokeniser; or in a GGUF file, which holds them all.
 *
 * <p>Opening reads the configuration and the headers of the files; numbers are read when a model is made. Files are not trusted:
 * a configuration that asks for more than the files hold is refused before anything is allocated. Whoever opens it closes it,
 * after its models were made.
 *
 * @see #open
 */
public final class Checkpoint implements WeightSource, AutoCloseable {

    /** What the families' names begin with, which some files leave out. */
    private static final Pattern PREFIX = Pattern.compile("^(transformer|model|gpt_neox)\\.");

    /** Tensors of old checkpoints that hold no weights: masks and the rotary frequencies. */
    private static final Pattern BUFFER =
            Pattern.compile(".*(\\.attn\\.(masked_)?bias|\\.attention\\.(masked_)?bias|rotary_emb\\.inv_freq)");

    private final Path path;
    private final DecoderShape shape;
    private final Weights weights;
    private final Set<String> names;
    private final Optional<GgufFile> gguf;

    private Checkpoint(Path path, DecoderShape shape, Weights weights, Optional<GgufFile> gguf) {
        this.path = path;
        this.shape = shape;
        this.weights = weights;
        this.names = Set.copyOf(weights.names());
        this.gguf = gguf;
    }

    /**
     * Opens a checkpoint of the family Llama, Mistral, Qwen 2 or 3, OLMo 2, GPT-2 or GPT-NeoX.
     *
     * @param folder the folder, or a GGUF file
     * @return the checkpoint, which the caller closes
     * @throws IOException if a file cannot be read
     * @throws MalformedFileException if a file is missing or damaged, the family or an option is not known, the configuration
     *     asks for more numbers than the files hold, or a tensor is missing, has another shape, or is none that the family knows;
     *     names the file and what to do
     */
    public static Checkpoint open(Path folder) throws IOException {
        if (Files.isRegularFile(folder)) {
            return ofGguf(folder);
        }
        if (!Files.isDirectory(folder)) {
            throw new MalformedFileException(
                    folder, "is not there; expected the folder of a checkpoint, or a GGUF file");
        }
        ModelConfig config = ModelConfig.read(folder);
        DecoderShape shape = config.shape();
        Weights weights = SafetensorsWeights.open(folder);
        try {
            checkSize(config.file(), shape, weights);
            return new Checkpoint(folder, shape, weights, Optional.empty()).checked();
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    private static Checkpoint ofGguf(Path path) throws IOException {
        Downloads.requireContent(path);
        GgufFile file = GgufFile.open(path);
        try {
            DecoderShape shape = GgufConfig.shape(file);
            Weights weights = new GgufWeights(file, shape);
            checkSize(path, shape, weights);
            return new Checkpoint(path, shape, weights, Optional.of(file)).checked();
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static void checkSize(Path file, DecoderShape shape, Weights weights) {
        long held = 0;
        for (String name : weights.names()) {
            long elements = 1;
            for (long dimension : weights.shape(name)) {
                elements = Math.multiplyExact(elements, dimension);
            }
            held = Math.addExact(held, elements);
        }
        // first the blocks, so that nobody lists the parameters of a billion of them
        long asked = shape.blocks() > weights.names().size() ? Long.MAX_VALUE : parameters(file, shape);
        if (asked > held) {
            throw new MalformedFileException(
                    file,
                    "describes a model of "
                            + (asked == Long.MAX_VALUE ? shape.blocks() + " blocks" : asked + " numbers")
                            + ", but the files beside it hold " + held + " numbers in "
                            + weights.names().size()
                            + " tensors; download the configuration and the weights again");
        }
    }

    private static long parameters(Path file, DecoderShape shape) {
        try {
            return shape.parameters();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new MalformedFileException(file, "describes a model that is too large: " + e.getMessage(), e);
        }
    }

    /**
     * Returns where the checkpoint is.
     *
     * @return the path it was opened with
     */
    public Path path() {
        return path;
    }

    /**
     * Returns the form of the model.
     *
     * @return its form, with the family's names
     */
    public DecoderShape shape() {
        return shape;
    }

    /**
     * Opens the checkpoint's tokeniser.
     *
     * @return the tokeniser, which the caller closes; empty if there is none
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is not what it should be
     */
    public Optional<ModelTokenizer> tokenizer() throws IOException {
        if (gguf.isPresent()) {
            return GgufTokenizer.open(gguf.get());
        }
        Path file = path.resolve("tokenizer.json");
        Downloads.requireContent(file);
        return Files.exists(file) ? Optional.of(ModelTokenizer.open(path)) : Optional.empty();
    }

    /**
     * Makes the model.
     *
     * @param backend computes; its working precision is the model's
     * @param layers names of the linear maps that are tracked, among {@link Decoder#linearMaps}
     * @return the model, which the caller closes
     * @throws io.github.influence4j.api.NumericalException if a weight is NaN or infinite
     */
    public Decoder decoder(MatrixBackend backend, List<String> layers) {
        return Decoder.open(backend, shape, layers, this);
    }

    /** Refuses files that lack a tensor, or hold one that the family does not know: the model would not be what was trained. */
    private Checkpoint checked() {
        Set<String> read = new HashSet<>();
        Decoder.requireTensors(shape, (name, rows, columns) -> {
            read.add(found(name));
            return matrix(name, rows, columns);
        });
        List<String> unread = names.stream()
                .filter(name -> !read.contains(name) && !BUFFER.matcher(name).matches())
                .filter(name -> !(shape.tied() && (name.equals("lm_head.weight") || name.equals("embed_out.weight"))))
                .sorted()
                .toList();
        if (!unread.isEmpty()) {
            throw new MalformedFileException(
                    weights.file(unread.get(0)),
                    "has the tensor " + MalformedFileException.quote(unread.get(0))
                            + (unread.size() > 1 ? " and " + (unread.size() - 1) + " more" : "")
                            + " that the configured model does not have; the two do not belong together, or the model"
                            + " is of a family that is not known");
        }
        return this;
    }

    /** The name in the files: as the family has it, or without what it begins with. */
    private String found(String name) {
        return names.contains(name) ? name : PREFIX.matcher(name).replaceFirst("");
    }

    @Override
    public Matrix matrix(String name, int rows, int columns) {
        String found = found(name);
        if (!names.contains(found)) {
            throw new MalformedFileException(
                    path,
                    "has no tensor " + MalformedFileException.quote(name) + ", expected one of [" + rows + ", "
                            + columns + "]; download the checkpoint again");
        }
        List<Long> dimensions = weights.shape(found);
        boolean vector = rows == 1 && dimensions.equals(List.of((long) columns));
        if (!vector && !dimensions.equals(List.of((long) rows, (long) columns))) {
            throw new MalformedFileException(
                    weights.file(found),
                    "tensor " + MalformedFileException.quote(name) + " is " + dimensions + ", expected "
                            + (rows == 1 ? List.of(columns) : List.of(rows, columns))
                            + " by the configuration; download the checkpoint again");
        }
        return weights.matrix(found);
    }

    /** The file, where the checkpoint is no folder. */
    Optional<GgufFile> gguf() {
        return gguf;
    }

    /** Closes the files. */
    @Override
    public void close() throws IOException {
        weights.close();
    }
}
