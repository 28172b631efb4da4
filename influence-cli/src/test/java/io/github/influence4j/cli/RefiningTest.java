package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.store.scores.ScoreWriter;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Scores that iterations over captures bring to the exact damped solution of the same captures. */
class RefiningTest {

    private static final double LAMBDA = 0.02;

    /** Ends a run from within, as a lost machine would. */
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final MadeCaptures sampled = new MadeCaptures(90, MadeCaptures.Labels.DRAWN);
    private final MadeCaptures train = new MadeCaptures(13, MadeCaptures.Labels.DRAWN);
    private final MadeCaptures queries = new MadeCaptures(4, MadeCaptures.Labels.MOST_PROBABLE);

    @TempDir
    private Path folder = Path.of("");

    @BeforeEach
    void fit() throws IOException {
        sampled.write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 40);
        train.write(folder.resolve("train"), CaptureObjective.TRAINING, 5);
        queries.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 4);
        ran("fit --captures @sampled --out @factors --precision float64");
    }

    private Ran ran(String line) {
        Ran ran = Influence.runIn(folder, line);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    private Ran score(String out, String more) {
        return ran("score --factors @factors --train @train --queries @queries --batch-size 16 --damping " + LAMBDA
                + " --out @" + out + more);
    }

    private double[][] scores(String out) throws IOException {
        return ScoreReader.pairwise(folder.resolve(out)).matrix().toArray();
    }

    /** qᵀ(mean g gᵀ + λ)⁻¹r over all weights at once, from whole gradients. */
    private double[][] exact() {
        double[][] gradients = gradients(sampled);
        int order = gradients[0].length;
        double[][] matrix = new double[order][order];
        for (double[] g : gradients) {
            for (int r = 0; r < order; r++) {
                for (int c = 0; c < order; c++) {
                    matrix[r][c] += g[r] * g[c] / gradients.length;
                }
            }
        }
        for (int k = 0; k < order; k++) {
            matrix[k][k] += LAMBDA;
        }
        return new LUDecomposition(new Array2DRowRealMatrix(matrix))
                .getSolver()
                .solve(new Array2DRowRealMatrix(gradients(train)).transpose())
                .preMultiply(new Array2DRowRealMatrix(gradients(queries)))
                .getData();
    }

    private static double[][] gradients(MadeCaptures captures) {
        return captures.examples.stream().map(RefiningTest::gradient).toArray(double[][]::new);
    }

    /** Σ_p g_p [a_p, 1]ᵀ of all layers, row by row. */
    private static double[] gradient(MadeCaptures.Example example) {
        double[] all = new double[0];
        for (int l = 0; l < example.a.length; l++) {
            int columns = example.a[l][0].length + 1;
            int outputs = example.g[l][0].length;
            int start = all.length;
            all = Arrays.copyOf(all, start + outputs * columns);
            for (int p = 0; p < example.a[l].length; p++) {
                for (int o = 0; o < outputs; o++) {
                    for (int i = 0; i < columns; i++) {
                        double a = i + 1 == columns ? 1 : example.a[l][p][i];
                        all[start + o * columns + i] += example.g[l][p][o] * a;
                    }
                }
            }
        }
        return all;
    }

    private static double distance(double[][] expected, double[][] found) {
        double largest = 0;
        double most = 0;
        for (int q = 0; q < expected.length; q++) {
            for (int e = 0; e < expected[q].length; e++) {
                largest = Math.max(largest, Math.abs(expected[q][e]));
                most = Math.max(most, Math.abs(expected[q][e] - found[q][e]));
            }
        }
        return most / largest;
    }

    @Test
    void conjugateGradientsEndAtTheExactSolutionOfTheCaptures() throws IOException {
        score("plain", "");
        Ran ran = score("refined", " --refine cg --fit-captures @sampled --iterations 400 --tolerance 1e-10");
        double[][] exact = exact();
        assertTrue(distance(exact, scores("plain")) > 1e-2, "there is something to improve");
        double[][] found = scores("refined");
        for (int q = 0; q < exact.length; q++) {
            MatrixAssert.assertClose(exact[q], found[q], Tolerances.CONJUGATE_GRADIENT, "question " + q);
        }
        Provenance made = ScoreReader.provenance(folder.resolve("refined"));
        assertTrue(Double.parseDouble(made.options().getOrDefault("largest relative residual", "1")) <= 1e-10);
        assertTrue(made.options().getOrDefault("refinement", "").contains("ConjugateGradientOptions"));
        assertTrue(ran.out().contains("largest relative residual: "), ran::out);
    }

    /** Draws that happen to be the same are one draw: fit, refinement and check divide by examples times draws. */
    @Test
    void drawsOfTheSameLabelsAreOneDraw() throws IOException {
        sampled.writeDraws(folder.resolve("drawn"), 40, 3);
        ran("fit --captures @drawn --out @factors --precision float64");
        score("refined", " --refine cg --fit-captures @drawn --iterations 400 --tolerance 1e-10");
        double[][] exact = exact();
        double[][] found = scores("refined");
        for (int q = 0; q < exact.length; q++) {
            MatrixAssert.assertClose(exact[q], found[q], Tolerances.CONJUGATE_GRADIENT, "question " + q);
        }
        score("plain", "");
        double[][] drawn = scores("plain");
        ran("fit --captures @sampled --out @factors --precision float64");
        score("plain", "");
        MatrixAssert.assertClose(scores("plain"), drawn, Tolerances.PARITY_FLOAT64, "factors");
        String check = Influence.runIn(folder, "check @drawn").out();
        assertTrue(!check.contains("example twice"), check);
        Path one = folder.resolve("drawn/0040-1.safetensors");
        java.nio.file.Files.delete(one);
        Ran lacks = Influence.runIn(folder, "fit --captures @drawn --out @other");
        assertEquals(3, lacks.exitCode());
        assertTrue(lacks.err().contains("lacks one of the 3 draws of labels of example 140"), lacks::err);
    }

    @Test
    void someStepsOfAstraComeNearer() throws IOException {
        score("plain", "");
        score("refined", " --refine astra --fit-captures @sampled --iterations 300");
        double[][] exact = exact();
        double before = distance(exact, scores("plain"));
        double after = distance(exact, scores("refined"));
        assertTrue(after < before / 2, () -> before + " before, " + after + " after");
    }

    /** Ended between two iterations, the run goes on with the next and gives the same bits. */
    @Test
    void aRunThatWasEndedAmongTheIterationsGoesOn() throws IOException {
        List<String> words = List.of(
                "--refine",
                "cg",
                "--iterations",
                "9",
                "--fit-captures",
                folder.resolve("sampled").toString());
        int[] iterations = new int[2];
        run("whole", words, false, (stage, done, total) -> iterations[0] += isIteration(stage) ? 1 : 0);
        assertEquals(9, iterations[0]);
        assertThrows(
                Ended.class,
                () -> run("ended", words, false, (stage, done, total) -> {
                    if (isIteration(stage) && done == 4) {
                        throw new Ended();
                    }
                }));
        run("ended", words, true, (stage, done, total) -> iterations[1] += isIteration(stage) ? 1 : 0);
        assertEquals(5, iterations[1], "the four that were done are not done again");
        double[][] expected = scores("whole");
        double[][] found = scores("ended");
        for (int q = 0; q < expected.length; q++) {
            assertArrayEquals(expected[q], found[q]);
        }
    }

    private static boolean isIteration(String stage) {
        return stage.equals("conjugate gradients");
    }

    private void run(String out, List<String> words, boolean resume, ProgressListener progress) throws IOException {
        Refining refining = CommandLine.populateCommand(
                new CommandLine(new Refining())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .getCommand(),
                words.stream().map(word -> word.equals("cg") ? "CG" : word).toArray(String[]::new));
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                CaptureSet trained = CaptureSet.open(folder.resolve("train"));
                CaptureSet asked = CaptureSet.open(folder.resolve("queries"))) {
            FactorStore factors = FactorStore.open(folder.resolve("factors"));
            var run =
                    ScoreRun.of(backend, factors, Damping.absolute(LAMBDA), ScoreOptions.defaults(), trained, progress);
            ScoreWriter writer = new ScoreWriter(folder.resolve(out), ScoreFormat.SAFETENSORS);
            refining.open(new Output(), run, progress, refinement -> run.refinedBy(refinement.orElseThrow())
                    .pairwise(asked, ScoreRun.Result.all(), writer, resume));
        }
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() {
        Ran alone = Influence.runIn(
                folder, "score --factors @factors --train @train --queries @queries --out @x --refine cg");
        assertEquals(2, alone.exitCode());
        assertTrue(alone.err().contains("--fit-captures"), alone::err);
        for (String more : List.of(
                "--iterations 3", "--tolerance 1e-3", "--refine astra --fit-captures @sampled --tolerance 1e-3")) {
            Ran useless = Influence.runIn(
                    folder, "score --factors @factors --train @train --queries @queries --out @x " + more);
            assertEquals(2, useless.exitCode(), more);
            assertTrue(useless.err().contains("--refine"), useless::err);
        }
        Ran wrong = Influence.runIn(
                folder,
                "score --factors @factors --train @train --queries @queries --out @x --refine cg --fit-captures @train");
        assertEquals(3, wrong.exitCode());
        assertTrue(wrong.err().contains("holds captures of the objective training"), wrong::err);
    }
}
