package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Users who do not ask for Spark see nothing of it in their dependency tree, and those of this module bring their own. */
class SparkDependencyTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern DEPENDENCY = Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL);

    private static List<String> dependencies(Path pom) throws IOException {
        Matcher matcher = DEPENDENCY.matcher(Files.readString(pom));
        return matcher.results().map(found -> found.group(1)).toList();
    }

    @Test
    void noOtherModuleDependsOnIt() throws IOException {
        List<Path> poms;
        try (Stream<Path> files = Files.find(ROOT, 3, (file, attributes) -> file.endsWith("pom.xml"))) {
            poms = files.filter(file -> !file.toString().contains("target")).toList();
        }
        assertTrue(poms.size() > 20, poms::toString);
        for (Path pom : poms) {
            // the BOM names versions and brings nothing
            if (!pom.endsWith("influence-spark/pom.xml") && !pom.endsWith("influence-bom/pom.xml")) {
                assertTrue(dependencies(pom).stream().noneMatch(one -> one.contains("spark")), pom::toString);
            }
        }
    }

    @Test
    void sparkIsTheUsers() throws IOException {
        List<String> spark = dependencies(Path.of("pom.xml")).stream()
                .filter(one -> one.contains("org.apache.spark"))
                .toList();
        assertEquals(1, spark.size());
        assertTrue(spark.get(0).contains("<scope>provided</scope>"), spark::toString);
    }
}
