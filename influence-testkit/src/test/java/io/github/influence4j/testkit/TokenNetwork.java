package io.github.influence4j.testkit;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A network of two layers (fc1, tanh, fc2) that runs at every token and is trained by softmax cross-entropy or squared
 * error, in plain loops; as a host whose provider has one defect, or none.
 */
final class TokenNetwork implements HostModel<TokenNetwork.Sequence>, OutputHessianRoots<TokenNetwork.Sequence> {

    /** Features of each token, and its class. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Sequence(double[][] tokens, int[] labels) {}

    /** Mistakes that hosts make. */
    enum Defect {
        NONE,
        AVERAGED_OVER_BATCH,
        AVERAGED_OVER_POSITIONS,
        AVERAGED_OVER_PADDED_POSITIONS,
        AVERAGED_OVER_ALL_POSITIONS,
        WRONG_SIGN,
        DOUBLED,
        BIAS_COUNTS_PADDING,
        SWAPPED_LAYERS,
        TRANSPOSED,
        POSITIONS_FIRST,
        REVERSED_ROWS,
        ACTIVATION_INSTEAD_OF_INPUT,
        DROPOUT,
        BATCH_STATISTICS,
        LEARNS_WHILE_CAPTURING,
        CUT_OFF,
        LAYER_MISSING,
        LAYER_TWICE,
        PADDING_NOT_MASKED,
        MASK_INVERTED,
        LOSS_COUNTS_PADDING,
        LABELS_FROM_A_GENERATOR,
        LABELS_BY_ROW,
        LABELS_IGNORE_THE_SEED,
        LABELS_IGNORE_THE_ID,
        MOST_PROBABLE_LABELS,
        UNIFORM_LABELS,
        NORMALS_TOO_WIDE,
        ROOT_IS_THE_LOSS,
        ROOT_WITHOUT_THE_SQUARE_ROOT,
        ROOT_OF_ONE_POSITION,
        ROOT_LACKS_COLUMNS,
        ROOT_ENDS_AT_THE_OUTPUTS,
        ROOT_HAS_ENDLESS_COLUMNS,
        NO_ROOT,
        NO_ROOT_BUT_TAKES_IT
    }

    private static final int FEATURES = 3;
    private static final int CLASSES = 3;

    private final int hidden;
    private final LayerSpec fc1;
    private final LayerSpec fc2;
    private final List<Sequence> sequences = new ArrayList<>();
    private final Random generator = new Random(3);
    private final Defect defect;
    private final boolean squaredError;
    private double[][] w1;
    private double[][] w2;

    /** A network of 3-4-3 units, or of 3-3-3 for the defects that need layers of one shape. */
    TokenNetwork(Defect defect, boolean squaredError) {
        this.defect = defect;
        this.hidden = defect == Defect.SWAPPED_LAYERS || defect == Defect.TRANSPOSED ? 3 : 4;
        this.fc1 = LayerSpec.tokens("fc1", FEATURES, hidden);
        this.fc2 = LayerSpec.tokens("fc2", hidden, CLASSES);
        this.squaredError = squaredError;
        Random random = new Random(5);
        w1 = random(random, hidden, FEATURES + 1);
        w2 = random(random, CLASSES, hidden + 1);
        for (int e = 0; e < 6; e++) {
            int length = squaredError ? 4 : 2 + e % 4;
            sequences.add(new Sequence(
                    random(random, length, FEATURES),
                    random.ints(length, 0, CLASSES).toArray()));
        }
    }

    private static double[][] random(Random random, int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            for (int c = 0; c < columns; c++) {
                row[c] = 0.7 * random.nextGaussian();
            }
        }
        return matrix;
    }

    @Override
    public GradientProvider<Sequence> provider() {
        return defect == Defect.NO_ROOT || defect == Defect.NO_ROOT_BUT_TAKES_IT ? new WithoutRoot(this) : this;
    }

    /** The network without its root; either says so, or has not heard of objectives that it does not know. */
    private record WithoutRoot(TokenNetwork network) implements GradientProvider<Sequence> {
        @Override
        public List<LayerSpec> layers() {
            return network.layers();
        }

        @Override
        public void capture(
                ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            if (objective instanceof Objective.OutputHessianRoot) {
                if (network.defect == Defect.NO_ROOT) {
                    throw new UnsupportedOperationException("no gradient of " + objective);
                }
                network.capture(batch, new Objective.TrainingLoss(), layers, sink);
                return;
            }
            network.capture(batch, objective, layers, sink);
        }
    }

    @Override
    public int outputHessianColumns() {
        int longest = sequences.stream().mapToInt(s -> s.tokens().length).max().orElseThrow();
        return (defect == Defect.ROOT_OF_ONE_POSITION ? 1 : longest) * CLASSES
                - (defect == Defect.ROOT_LACKS_COLUMNS ? 1 : 0);
    }

    @Override
    public ExampleSource<Sequence> examples() {
        return ExampleSource.of(sequences);
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT64;
    }

    @Override
    public double[] losses(List<Sequence> examples) {
        return examples.stream()
                .mapToDouble(sequence -> {
                    double sum = 0;
                    for (int p = 0; p < sequence.tokens().length; p++) {
                        double[] z = affine(w2, tanh(affine(w1, sequence.tokens()[p])));
                        for (int c = 0; squaredError && c < CLASSES; c++) {
                            double difference = z[c] - (c == sequence.labels()[p] ? 1 : 0);
                            sum += difference * difference / 2;
                        }
                        sum -= squaredError ? 0 : Math.log(softmax(z)[sequence.labels()[p]]);
                    }
                    return sum;
                })
                .toArray();
    }

    @Override
    public double[][] weights(LayerSpec layer) {
        double[][] copy = (layer == fc1 ? w1 : w2).clone();
        for (int r = 0; r < copy.length; r++) {
            copy[r] = copy[r].clone();
        }
        return copy;
    }

    @Override
    public void setWeights(LayerSpec layer, double[][] weights) {
        if (layer == fc1) {
            w1 = weights;
        } else {
            w2 = weights;
        }
    }

    @Override
    public Prediction prediction(Sequence sequence) {
        if (squaredError) {
            return new Prediction.Normal(1);
        }
        double[][] p = new double[sequence.tokens().length][];
        for (int t = 0; t < p.length; t++) {
            p[t] = softmax(affine(w2, tanh(affine(w1, sequence.tokens()[t]))));
        }
        return new Prediction.Classes(p);
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(fc1, fc2);
    }

    @Override
    public void capture(ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (objective instanceof Objective.OutputHessianRoot root
                && root.column() >= outputHessianColumns()
                && defect != Defect.ROOT_HAS_ENDLESS_COLUMNS) {
            throw new IllegalArgumentException("column " + root.column() + " of " + outputHessianColumns());
        }
        int n = batch.size();
        int longest =
                batch.examples().stream().mapToInt(s -> s.tokens().length).max().orElseThrow();
        int real = batch.examples().stream().mapToInt(s -> s.tokens().length).sum();
        boolean[] mask = new boolean[n * longest];
        double[][] a1 = new double[n * longest][FEATURES];
        double[][] a2 = new double[n * longest][hidden];
        double[][] g1 = new double[n * longest][hidden];
        double[][] g2 = new double[n * longest][CLASSES];
        double[] mean = new double[FEATURES];
        for (Sequence sequence : batch.examples()) {
            for (double[] token : sequence.tokens()) {
                for (int i = 0; i < FEATURES; i++) {
                    mean[i] += token[i] / real;
                }
            }
        }
        for (int e = 0; e < n; e++) {
            Sequence sequence = batch.examples().get(e);
            for (int p = 0; p < longest; p++) {
                int row = e * longest + p;
                boolean padding = p >= sequence.tokens().length;
                mask[row] = padding == (defect == Defect.MASK_INVERTED);
                if (padding && defect != Defect.LOSS_COUNTS_PADDING && defect != Defect.BIAS_COUNTS_PADDING) {
                    continue;
                }
                double[] token = padding ? new double[FEATURES] : sequence.tokens()[p].clone();
                for (int i = 0; i < FEATURES; i++) {
                    token[i] -= defect == Defect.BATCH_STATISTICS ? mean[i] : 0;
                    token[i] *= defect == Defect.DROPOUT && generator.nextBoolean() ? 0 : 1;
                }
                a1[row] = token;
                double[] z1 = affine(w1, token);
                a2[row] = tanh(z1);
                g2[row] = outputGradient(
                        affine(w2, a2[row]), padding ? 0 : sequence.labels()[p], objective, batch.ids()[e], p, row);
                double factor = factor(n, sequence.tokens().length, longest, real);
                for (int c = 0; c < CLASSES; c++) {
                    g2[row][c] *= factor;
                }
                for (int h = 0; h < hidden; h++) {
                    for (int c = 0; c < CLASSES; c++) {
                        g1[row][h] += w2[c][h] * g2[row][c];
                    }
                    g1[row][h] *= cutOff(objective) ? 0 : 1 - a2[row][h] * a2[row][h];
                }
                if (defect == Defect.ACTIVATION_INSTEAD_OF_INPUT) {
                    a2[row] = z1;
                }
            }
        }
        if (defect == Defect.LEARNS_WHILE_CAPTURING) {
            w2[0][0] += 0.01;
        }
        PositionMask positions = defect == Defect.PADDING_NOT_MASKED || defect == Defect.BIAS_COUNTS_PADDING
                ? PositionMask.none(n * longest)
                : PositionMask.of(mask);
        for (LayerSpec layer : wanted) {
            if (layer == fc1 && defect == Defect.LAYER_MISSING) {
                continue;
            }
            boolean first = layer == fc1 ^ defect == Defect.SWAPPED_LAYERS;
            double[][] a = first ? a1 : a2;
            double[][] g = first ? g1 : g2;
            boolean exchanged = defect == Defect.TRANSPOSED;
            push(
                    sink,
                    LayerCapture.of(
                                    layer,
                                    n,
                                    longest,
                                    Matrix.of(rows(exchanged ? g : a, n)),
                                    Matrix.of(rows(exchanged ? a : g, n)))
                            .withMask(positions));
        }
    }

    /** The rows as the defect puts them. */
    private double[][] rows(double[][] right, int n) {
        double[][] rows = right.clone();
        for (int row = 0; row < rows.length; row++) {
            int positions = rows.length / n;
            if (defect == Defect.POSITIONS_FIRST) {
                rows[row % positions * n + row / positions] = right[row];
            } else if (defect == Defect.REVERSED_ROWS) {
                rows[(n - 1 - row / positions) * positions + row % positions] = right[row];
            }
        }
        return rows;
    }

    private void push(CaptureSink sink, LayerCapture capture) {
        sink.accept(capture);
        if (defect == Defect.LAYER_TWICE) {
            sink.accept(capture);
        }
    }

    private double factor(int n, int length, int longest, int real) {
        return switch (defect) {
            case AVERAGED_OVER_BATCH -> 1.0 / n;
            case AVERAGED_OVER_POSITIONS -> 1.0 / length;
            case AVERAGED_OVER_PADDED_POSITIONS -> 1.0 / longest;
            case AVERAGED_OVER_ALL_POSITIONS -> 1.0 / real;
            case WRONG_SIGN -> -1;
            case DOUBLED -> 2;
            default -> 1;
        };
    }

    private boolean cutOff(Objective objective) {
        return defect == Defect.CUT_OFF
                || defect == Defect.ROOT_ENDS_AT_THE_OUTPUTS && objective instanceof Objective.OutputHessianRoot;
    }

    private double[] root(double[] z, int column, int position) {
        double[] g = new double[CLASSES];
        boolean any = defect == Defect.ROOT_OF_ONE_POSITION || column >= outputHessianColumns();
        int at = any ? position : column / CLASSES;
        if (at == position) {
            int k = column % CLASSES;
            double[] p = softmax(z);
            double factor = defect == Defect.ROOT_WITHOUT_THE_SQUARE_ROOT ? p[k] : Math.sqrt(p[k]);
            for (int c = 0; c < CLASSES; c++) {
                double unit = c == k ? 1 : 0;
                g[c] = squaredError ? unit : factor * (unit - p[c]);
            }
        }
        return g;
    }

    private double[] outputGradient(double[] z, int label, Objective objective, long id, int position, int row) {
        if (objective instanceof Objective.OutputHessianRoot root && defect != Defect.ROOT_IS_THE_LOSS) {
            return root(z, root.column(), position);
        }
        if (squaredError) {
            double[] g = z.clone();
            for (int c = 0; c < CLASSES; c++) {
                g[c] = objective instanceof Objective.SampledLabels labels
                        ? labels.gaussian(id, position, c) * (defect == Defect.NORMALS_TOO_WIDE ? 1.2 : 1)
                        : z[c] - (c == label ? 1 : 0);
            }
            return g;
        }
        double[] g = softmax(z);
        g[objective instanceof Objective.SampledLabels labels ? draw(g, labels, id, position, row) : label] -= 1;
        return g;
    }

    private int draw(double[] p, Objective.SampledLabels labels, long id, int position, int row) {
        Objective.SampledLabels fixed = new Objective.SampledLabels(0);
        return switch (defect) {
            case LABELS_FROM_A_GENERATOR -> fixed.category(generator.nextLong(), 0, p);
            case LABELS_BY_ROW -> labels.category(0, row, p);
            case LABELS_IGNORE_THE_SEED -> fixed.category(id, position, p);
            case LABELS_IGNORE_THE_ID -> labels.category(0, position, p);
            case UNIFORM_LABELS -> labels.category(id, position, new double[] {1, 1, 1});
            case MOST_PROBABLE_LABELS -> p[0] > p[1] && p[0] > p[2] ? 0 : p[1] > p[2] ? 1 : 2;
            default -> labels.category(id, position, p);
        };
    }

    private static double[] affine(double[][] w, double[] x) {
        double[] z = new double[w.length];
        for (int o = 0; o < z.length; o++) {
            z[o] = w[o][x.length];
            for (int i = 0; i < x.length; i++) {
                z[o] += w[o][i] * x[i];
            }
        }
        return z;
    }

    private static double[] tanh(double[] z) {
        double[] a = z.clone();
        for (int h = 0; h < a.length; h++) {
            a[h] = Math.tanh(a[h]);
        }
        return a;
    }

    private static double[] softmax(double[] z) {
        double[] p = z.clone();
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            p[c] = Math.exp(p[c]);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }
}
