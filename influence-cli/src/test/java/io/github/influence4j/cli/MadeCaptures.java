package io.github.influence4j.cli;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Captures of a linear softmax model behind a layer of tanh, token by token, with plain loops; tests make them wrong before they are
 * written.
 */
final class MadeCaptures {

    static final int TOKENS = 6;
    static final LayerSpec HIDDEN = LayerSpec.tokens("hidden", 5, 4);
    static final LayerSpec MIDDLE = LayerSpec.tokens("middle", 4, 4);
    static final LayerSpec HEAD = LayerSpec.tokens("head", 4, 3);
    static final List<LayerSpec> LAYERS = List.of(HIDDEN, MIDDLE, HEAD);

    /** Inputs [t][in] and gradients [t][out] of one example, by layer. */
    static final class Example {
        final double[][][] a = new double[LAYERS.size()][][];
        final double[][][] g = new double[LAYERS.size()][][];
    }

    /** How a label comes about. */
    enum Labels {
        DRAWN,
        MOST_PROBABLE
    }

    final List<Example> examples = new ArrayList<>();
    private final Random random = new Random(29);
    private final double[][] first = weights(4, 5);
    private final double[][] second = weights(4, 4);
    private final double[][] third = weights(3, 4);

    MadeCaptures(int count, Labels labels) {
        for (int e = 0; e < count; e++) {
            examples.add(example(labels));
        }
    }

    private Example example(Labels labels) {
        Example example = new Example();
        for (int l = 0; l < LAYERS.size(); l++) {
            example.a[l] = new double[TOKENS][];
            example.g[l] = new double[TOKENS][];
        }
        for (int p = 0; p < TOKENS; p++) {
            double[] x = random.doubles(5, -1, 1).toArray();
            double[] h = tanh(times(first, x));
            double[] m = tanh(times(second, h));
            double[] delta = logitGradients(times(third, m), labels);
            example.a[0][p] = x;
            example.a[1][p] = h;
            example.a[2][p] = m;
            example.g[2][p] = delta;
            example.g[1][p] = back(third, delta, m);
            example.g[0][p] = back(second, example.g[1][p], h);
        }
        return example;
    }

    private double[] logitGradients(double[] logits, Labels labels) {
        double[] p = Arrays.stream(logits).map(Math::exp).toArray();
        double sum = Arrays.stream(p).sum();
        double left = random.nextDouble();
        int label = -1;
        for (int o = 0; o < p.length; o++) {
            p[o] /= sum;
            left -= p[o];
            label = label < 0 && (left < 0 || o == p.length - 1) ? o : label;
        }
        for (int o = 0; labels == Labels.MOST_PROBABLE && o < p.length; o++) {
            label = p[o] > p[label] ? o : label;
        }
        p[label] -= 1;
        return p;
    }

    private static double[] back(double[][] w, double[] g, double[] activation) {
        double[] back = new double[activation.length];
        for (int i = 0; i < back.length; i++) {
            for (int o = 0; o < g.length; o++) {
                back[i] += w[o][i] * g[o] * (1 - activation[i] * activation[i]);
            }
        }
        return back;
    }

    private double[][] weights(int outputs, int inputs) {
        double[][] w = new double[outputs][];
        for (int o = 0; o < outputs; o++) {
            w[o] = random.doubles(inputs, -2, 2).toArray();
        }
        return w;
    }

    private static double[] times(double[][] w, double[] x) {
        return Arrays.stream(w)
                .mapToDouble(row -> {
                    double sum = 0;
                    for (int i = 0; i < x.length; i++) {
                        sum += row[i] * x[i];
                    }
                    return sum;
                })
                .toArray();
    }

    private static double[] tanh(double[] x) {
        return Arrays.stream(x).map(Math::tanh).toArray();
    }

    /** Does something to the gradients of every position. */
    MadeCaptures everywhere(int from, int to, Consumer<double[]> change) {
        for (Example example : examples.subList(from, to)) {
            for (double[][] g : example.g) {
                Arrays.stream(g).forEach(change);
            }
        }
        return this;
    }

    Path write(Path folder, CaptureObjective objective, int shardSize) throws IOException {
        return write(folder, objective, shardSize, 1);
    }

    Path write(Path folder, CaptureObjective objective, int shardSize, int uses) throws IOException {
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), TensorType.F64);
        write(writer, folder, shardSize, uses, 0);
        return folder;
    }

    /** As several draws of labels, which happen to be the same. */
    void writeDraws(Path folder, int shardSize, int draws) throws IOException {
        CaptureWriter writer = new CaptureWriter(
                CaptureObjective.SAMPLED, Optional.empty(), Optional.empty(), TensorType.F64, List.of(), draws);
        for (int draw = 0; draw < draws; draw++) {
            write(writer, folder, shardSize, 1, draw);
        }
    }

    private void write(CaptureWriter writer, Path folder, int shardSize, int uses, int draw) throws IOException {
        Files.createDirectories(folder);
        for (int from = 0; from < examples.size(); from += shardSize) {
            List<Example> shard = examples.subList(from, Math.min(from + shardSize, examples.size()));
            List<LayerCapture> captures = new ArrayList<>();
            for (int l = 0; l < LAYERS.size(); l++) {
                int layer = l;
                captures.add(LayerCapture.of(
                                LAYERS.get(l),
                                shard.size(),
                                TOKENS,
                                matrix(shard.stream()
                                        .map(example -> example.a[layer])
                                        .toList()),
                                matrix(shard.stream()
                                        .map(example -> example.g[layer])
                                        .toList()))
                        .withUses(uses));
            }
            long[] ids = new long[shard.size()];
            for (int e = 0; e < ids.length; e++) {
                ids[e] = (100L + from + e) * writer.draws() + draw;
            }
            String name = String.format(java.util.Locale.ROOT, "%04d-%d.safetensors", from, draw);
            writer.write(folder.resolve(name), ids, captures);
        }
    }

    private static Matrix matrix(List<double[][]> rows) {
        return Matrix.of(rows.stream().flatMap(Arrays::stream).toArray(double[][]::new));
    }

    /** One convolution, whose positions are patches. */
    static Path convolution(Path file, int inputs, int outputs) throws IOException {
        Random random = new Random(3);
        LayerSpec layer = new LayerSpec("conv", inputs, outputs, true, Positions.PATCHES);
        new CaptureWriter(CaptureObjective.TRAINING, Optional.empty(), TensorType.F64)
                .write(
                        file,
                        new long[] {0, 1},
                        List.of(LayerCapture.of(
                                layer,
                                2,
                                5,
                                Matrix.of(random.doubles(10L * inputs, -1, 1).toArray(), 10, inputs),
                                Matrix.of(random.doubles(10L * outputs, -1, 1).toArray(), 10, outputs))));
        return file;
    }
}
