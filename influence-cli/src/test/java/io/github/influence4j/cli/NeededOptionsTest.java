package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options that would count for nothing: each was taken without a word. */
class NeededOptionsTest {

    @TempDir
    private Path folder = Path.of("");

    @Test
    void anOptionWithoutWhatItNeedsIsRefused() {
        String score = "score --factors @f --train @t --queries @q --out @o ";
        String asked = " --factors @f --queries @q --index @i";
        refused("--max-length is of --model", "fit --captures @c --out @o --max-length 9");
        refused("--layers is of --model", "fit --captures @c --out @o --layers all");
        refused("--max-examples is of --data", "fit --captures @c --out @o --max-examples 2");
        refused("--max-length is of --model", score + "--max-length 9");
        refused("--max-length is of --model", "self --factors @f --train @t --out @o --max-length 9");
        refused("--max-length is of --model", "index build --factors @f --train @t --out @o --max-length 9");
        refused("--max-length is of --model", "index query --out @o --max-length 9" + asked);
        refused("--max-length is of --model", "report --scores @s --out @o --max-length 9");
        refused("--layers is of --model", "plan --captures @c --layers all");
        refused("--cores is of --executors", "plan --captures @c --cores 1");
        refused("--partitions is of --executors", "plan --captures @c --partitions 2");
        refused("--iterations is of --refine", score + "--iterations 3");
        refused("--candidates is of --rescore", "index query --out @o --candidates 50" + asked);
    }

    @Test
    void anOptionThatAnotherMakesUselessIsRefused() {
        refused("leave out --query-count", "plan --captures @c --queries @q --query-count 3");
        refused("--max-length is of --model", "import --from kronfluence @k --captures @c --out @o --max-length 9");
        refused("--max-length is of text", "import --from kronfluence @k --model @m --out @o --max-length 9");
        refused(
                "--seed is of --objective sampled",
                "capture --model @m --data @d --objective training --seed 3 --out @o");
        refused("--seed is of --sample", "candidates --texts @t --queries @q --out @o --seed 3");
        refused("--json has all", "groups --scores @s --texts @t --group-by a --top 2 --json");
        refused("are of a page", "report --scores @s --out @o --format json --characters 20");
        refused("are of a page", "report --scores @s --out @o --format json --images @i");
        refused(
                "fewer than the --top-k 10",
                "index query --out @o --rescore @t --candidates 5 --factors @f --queries @q --index @i");
    }

    /** Parts by layer and token are those of score: others do not know the option at all. */
    @Test
    void partsAreAskedOfScoresOnly() {
        for (String part : new String[] {"--per-layer", "--per-token"}) {
            refused(part, "index query --out @o --factors @f --queries @q --index @i " + part);
            refused(part, "index audit --train @t --factors @f --queries @q --index @i " + part);
            refused(part, "index build --factors @f --train @t --out @o " + part);
            refused(part, "self --factors @f --train @t --out @o " + part);
            refused(part, "report --scores @s --out @o " + part);
        }
    }

    private void refused(String problem, String line) {
        Ran ran = Influence.runIn(folder, line);
        assertEquals(2, ran.exitCode(), line + ran.err());
        assertTrue(ran.err().contains(problem), line + ran.err());
        assertTrue(ran.out().isEmpty(), line);
    }
}
