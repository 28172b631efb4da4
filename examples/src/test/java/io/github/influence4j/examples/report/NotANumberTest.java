package io.github.influence4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.examples.language.ExplainedQuery;
import io.github.influence4j.examples.language.ExplainedSequence;
import io.github.influence4j.examples.language.ExplainedToken;
import io.github.influence4j.text.tail.PowerLaw;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A host may give scores that are no numbers: a page says so. */
class NotANumberTest {

    /** Defect: the template's exception. */
    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0})
    void theQuerysPageShowsIt(double score) {
        double[] numbers =
                IntStream.range(0, 200).mapToDouble(k -> 200.0 / (k + 1)).toArray();
        double[] scores = new double[200];
        Arrays.fill(scores, score);
        for (ExplainedToken token :
                List.of(new ExplainedToken("word", score, score), new ExplainedToken("word", 0.5, 0.5))) {
            ExplainedSequence sequence = new ExplainedSequence(1, "note", true, score, true, List.of(token, token));
            for (double[] all : List.of(numbers, scores)) {
                String page = LanguageReport.render(new ExplainedQuery(
                        "name",
                        "topic",
                        "model",
                        "prompt",
                        "completion",
                        0.5,
                        List.of(sequence),
                        List.of(sequence),
                        Map.of("layer", score),
                        all,
                        PowerLaw.fit(numbers, 50),
                        score));
                assertTrue(page.contains("word"), page);
                assertTrue(!Double.isNaN(score) || page.contains("NaN"), page);
            }
        }
    }
}
