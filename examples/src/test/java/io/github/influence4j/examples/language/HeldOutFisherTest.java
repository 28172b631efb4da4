package io.github.influence4j.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against F written out, pair of sequences by pair. */
class HeldOutFisherTest {

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final DecoderShape shape = DecoderShape.of(7, 6, 1, 4, 2).withHidden(3);

    @Test
    void shareIsThatOfTheMatrix() {
        List<TokenSequence> sequences = new ArrayList<>();
        Random random = new Random(3);
        for (int z = 0; z < 9; z++) {
            sequences.add(
                    TokenSequence.of(random.ints(2 + random.nextInt(5), 0, 7).toArray()));
        }
        ExampleSource<TokenSequence> source = ExampleSource.of(sequences);
        try (Decoder model = Decoder.create(backend, shape, 1);
                EigenbasisCurvature curvature =
                        EigenbasisApproximator.<TokenSequence>ekfac(backend).fit(model, source)) {
            for (int l = 0; l < model.layers().size(); l++) {
                LayerSpec layer = model.layers().get(l);
                Optional<LayerEigenbasis> basis =
                        curvature.layerCurvatures().get(l).basis();
                double[] shares =
                        new HeldOutFisher(backend, model, source).explained(layer, List.of(Optional.empty(), basis));
                List<double[][]> plain = gradients(model, source, layer);
                double whole = 0;
                for (int z = 0; z < plain.size(); z++) {
                    for (int other = 0; other < plain.size(); other++) {
                        double dot = z == other ? 0 : dot(plain.get(z), plain.get(other));
                        whole += dot * dot;
                    }
                }
                assertEquals(diagonal(plain) / whole, shares[0], Tolerances.REORDERED_FLOAT64);
                List<double[][]> rotated = plain.stream()
                        .map(gradient -> rotate(gradient, basis.orElseThrow()))
                        .toList();
                assertEquals(diagonal(rotated) / whole, shares[1], Tolerances.REORDERED_FLOAT64);
            }
        }
    }

    /** Σ_k over pairs of different sequences of g_zk² g_z'k². */
    private static double diagonal(List<double[][]> gradients) {
        double sum = 0;
        for (int z = 0; z < gradients.size(); z++) {
            for (int other = 0; other < gradients.size(); other++) {
                for (int o = 0; z != other && o < gradients.get(z).length; o++) {
                    for (int i = 0; i < gradients.get(z)[o].length; i++) {
                        sum += Math.pow(gradients.get(z)[o][i] * gradients.get(other)[o][i], 2);
                    }
                }
            }
        }
        return sum;
    }

    private static double dot(double[][] a, double[][] b) {
        double sum = 0;
        for (int o = 0; o < a.length; o++) {
            for (int i = 0; i < a[o].length; i++) {
                sum += a[o][i] * b[o][i];
            }
        }
        return sum;
    }

    private static double[][] rotate(double[][] gradient, LayerEigenbasis basis) {
        return times(
                transposed(basis.gradientVectors().toArray()),
                times(gradient, basis.activationVectors().toArray()));
    }

    private static double[][] transposed(double[][] a) {
        double[][] result = new double[a[0].length][a.length];
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[r].length; c++) {
                result[c][r] = a[r][c];
            }
        }
        return result;
    }

    private static double[][] times(double[][] a, double[][] b) {
        double[][] result = new double[a.length][b[0].length];
        for (int r = 0; r < a.length; r++) {
            for (int k = 0; k < b.length; k++) {
                for (int c = 0; c < b[k].length; c++) {
                    result[r][c] += a[r][k] * b[k][c];
                }
            }
        }
        return result;
    }

    private static List<double[][]> gradients(Decoder model, ExampleSource<TokenSequence> source, LayerSpec layer) {
        List<double[][]> gradients = new ArrayList<>();
        for (ExampleBatch<TokenSequence> batch : source.batches(1)) {
            model.capture(batch, new Objective.SampledLabels(HeldOutFisher.LABELS), List.of(layer), capture -> {
                Matrix inputs = capture.activations();
                double[][] a = inputs.toArray();
                double[][] g = capture.outputGradients().toArray();
                double[][] sum = new double[layer.outputs()][layer.gradientColumns()];
                for (int p = 0; p < a.length; p++) {
                    for (int o = 0; o < sum.length; o++) {
                        for (int i = 0; i < sum[o].length; i++) {
                            sum[o][i] += g[p][o] * (i < a[p].length ? a[p][i] : 1);
                        }
                    }
                }
                gradients.add(sum);
            });
        }
        return gradients;
    }
}
