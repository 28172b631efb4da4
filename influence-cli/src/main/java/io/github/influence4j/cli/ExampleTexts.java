package io.github.influence4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The texts of examples, and what else is said of them: lines of JSON, or rows of a table. Whoever opens them closes them. */
interface ExampleTexts extends AutoCloseable {

    /** Opens a file: a table where its name ends in .csv or .tsv, else lines of JSON. */
    static ExampleTexts open(Path file, Columns columns) throws IOException {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return name.endsWith(".csv") || name.endsWith(".tsv")
                ? TableTexts.open(file, name.endsWith(".csv") ? ',' : '\t', columns)
                : JsonTexts.open(file, columns);
    }

    Path file();

    /** The ids of the examples, in the order of the file. */
    long[] ids();

    /** Whether the file has no ids, so that they are numbers of lines or rows, from 1. */
    boolean numbered();

    String text(int place);

    /** The tokens that the text was divided into; empty where the file does not say. */
    List<String> tokens(int place);

    /** What a field or column says, in words. */
    String field(int place, String name);

    @Override
    void close() throws IOException;

    /** Where examples are, by their ids. */
    default Map<Long, Integer> places() {
        long[] ids = ids();
        Map<Long, Integer> places = new HashMap<>();
        for (int place = 0; place < ids.length; place++) {
            places.put(ids[place], place);
        }
        return places;
    }

    /** What a field or column says of some examples, in words. */
    default Map<Long, String> fields(long[] ids, String name) {
        Map<Long, Integer> places = places();
        Map<Long, String> fields = new HashMap<>();
        for (long id : ids) {
            Integer place = places.get(id);
            if (place == null) {
                throw missing("training example", id);
            }
            fields.put(id, field(place, name));
        }
        return fields;
    }

    /** The error for an example that was scored and is not in the file. */
    default IllegalArgumentException missing(String what, long id) {
        return new IllegalArgumentException(file() + " has no line for " + what + " " + id + ", which was scored; "
                + (numbered()
                        ? "it has no ids, so that its lines are counted from 1, while captures without ids are counted from 0:"
                                + " give each line its \"id\", or name the column that holds it with --id-column"
                        : "give the lines that were scored"));
    }
}
