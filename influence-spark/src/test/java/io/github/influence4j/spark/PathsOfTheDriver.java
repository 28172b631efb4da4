package io.github.influence4j.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Fits to captures, and into a folder, that the driver sees and executors do not: its path is below the folder that a process runs in. */
public final class PathsOfTheDriver {

    private static final Path HERE = Path.of("/proc/self/cwd");

    private PathsOfTheDriver() {}

    /** Takes captures that all see, the name of the same ones where the driver runs, and a file for the errors. */
    public static void main(String... arguments) throws IOException {
        Path everywhere = Path.of(arguments[0]);
        Path here = HERE.resolve(arguments[1]);
        Path result = Path.of(arguments[2]);
        List<String> errors = new ArrayList<>();
        try (SparkSession session = SparkSession.builder().getOrCreate()) {
            errors.add(error(session, here, result.resolveSibling("factors-of-none")));
            errors.add(error(session, everywhere, HERE.resolve("factors-of-none")));
        }
        Files.write(result, errors);
    }

    private static String error(SparkSession session, Path captures, Path factors) throws IOException {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        try {
            SparkEkfac.on(session)
                    .fit(CaptureFiles.model(captures), CaptureFiles.examples(spark, captures, 2), factors);
            return "none";
        } catch (IllegalArgumentException e) {
            return e + (Files.exists(factors.resolve("manifest.json")) ? " and a manifest" : "");
        }
    }
}
