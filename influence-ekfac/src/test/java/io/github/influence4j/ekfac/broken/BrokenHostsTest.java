package io.github.influence4j.ekfac.broken;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.broken.Lie.Attempt;
import io.github.influence4j.ekfac.broken.Lie.Outcome;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way to lie that we know ends in right scores or in a refusal with a sentence, and the next run is right. */
class BrokenHostsTest {

    private static final Path PAGE = Path.of("..", "docs", "results", "broken-hosts.md");

    static List<Lie> lies() {
        List<Lie> lies = new ArrayList<>(LyingHosts.all());
        lies.addAll(LyingSources.all());
        return lies;
    }

    @ParameterizedTest
    @MethodSource("lies")
    @Timeout(60)
    void noLiePassesUnseen(Lie lie) {
        double[][] honest = scores(Attempt.of(ScriptedHost.honest()));
        if (lie.outcome() == Outcome.RIGHT) {
            // a sum over layers is in the order in which they come
            MatrixAssert.assertClose(honest, scores(lie.attempt().get()), Tolerances.REORDERED_FLOAT64, "scores");
        } else {
            Throwable refusal =
                    assertThrows(Throwable.class, () -> scores(lie.attempt().get()));
            assertTrue(String.valueOf(refusal.getMessage()).contains(lie.words()), refusal::toString);
            if (lie.outcome() == Outcome.REFUSED) {
                assertTrue(
                        refusal instanceof IllegalArgumentException
                                || refusal instanceof IllegalStateException
                                || refusal instanceof NumericalException,
                        refusal::toString);
            }
        }
        assertArrayEquals(honest, scores(Attempt.of(ScriptedHost.honest())), "the next run");
    }

    @Test
    void fingerprintsAreAskedForBeforeTheWork() {
        ScriptedHost host = ScriptedHost.honest().withFingerprint(() -> {
            throw new IllegalStateException("no");
        });
        assertThrows(IllegalStateException.class, () -> scores(Attempt.of(host)));
        assertEquals(0, host.batches());
    }

    @Test
    void thePageNamesEveryLieAndItsOutcome() throws IOException {
        String page = Files.readString(PAGE);
        for (Lie lie : lies()) {
            String row = "| " + lie.name() + " | " + lie.outcome().inWords()
                    + (lie.outcome() == Outcome.REFUSED ? ": … " + lie.words() + " …" : "") + " |";
            assertTrue(page.contains(row), () -> "expected in " + PAGE + ":\n" + row);
        }
        try (Stream<String> lines = page.lines()) {
            long rows = lines.filter(line -> line.startsWith("| ")).count();
            assertTrue(rows >= lies().size(), () -> rows + " rows");
        }
    }

    private static double[][] scores(Attempt attempt) {
        Changing.fitted(false);
        FitOptions options = FitOptions.defaults().withBatchSize(4);
        try (FittedCurvature<Integer> fitted =
                Ekfac.on(TestBackends.EJML).with(options).fit(attempt.model(), attempt.fit())) {
            Changing.fitted(true);
            return fitted.damped(Damping.DEFAULT)
                    .with(ScoreOptions.defaults().withBatchSize(4))
                    .pairwise(attempt.queries(), attempt.train())
                    .matrix()
                    .toArray();
        }
    }
}
