package io.github.influence4j.spark;

/** What Jackson 3 needs of the annotations that it shares with Jackson 2, of which Spark 4.2 has an older version. */
final class JacksonAnnotations {

    /** Came with version 2.22. */
    private static final String NEWEST = "com.fasterxml.jackson.annotation.JsonApplyView";

    private JacksonAnnotations() {}

    /** Refuses a class path on which Spark's are found first: reading and writing factors would fail at the end of a fit. */
    static void require(String where) {
        require(where, NEWEST);
    }

    static void require(String where, String type) {
        try {
            Class.forName(type, false, JacksonAnnotations.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    where
                            + " has annotations of Jackson before 2.22, which are Spark's: put jackson-annotations-2.22.jar in front"
                            + " of them with spark.driver.extraClassPath and spark.executor.extraClassPath",
                    e);
        }
    }
}
