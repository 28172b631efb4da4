package io.github.influence4j.examples.data;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Reads the tables that come with the examples: rows of features with the target last. */
public final class Tables {

    private static final String FOLDER = "/data/";
    private static final int CONCRETE_ROWS = 1_030;
    private static final int CONCRETE_COLUMNS = 9;
    private static final int DIABETES_ROWS = 442;
    private static final int DIABETES_COLUMNS = 10;

    private Tables() {}

    /**
     * Reads the compressive strength of concrete.
     *
     * @return 1,030 rows of 8 features and the strength in MPa
     * @throws IllegalStateException if the file does not hold what it should
     */
    public static List<double[]> concrete() {
        List<double[]> rows = read("concrete.csv", ',', true, CONCRETE_COLUMNS);
        return checked("concrete.csv", rows, CONCRETE_ROWS);
    }

    /**
     * Reads the progression of diabetes.
     *
     * @return 442 rows of 10 features and the progression after a year
     * @throws IllegalStateException if a file does not hold what it should
     */
    public static List<double[]> diabetes() {
        List<double[]> features = read("diabetes_data_raw.csv.gz", ' ', false, DIABETES_COLUMNS);
        List<double[]> targets = read("diabetes_target.csv.gz", ' ', false, 1);
        checked("diabetes_target.csv.gz", targets, DIABETES_ROWS);
        List<double[]> rows = new ArrayList<>();
        for (double[] row : checked("diabetes_data_raw.csv.gz", features, DIABETES_ROWS)) {
            double[] whole = Arrays.copyOf(row, DIABETES_COLUMNS + 1);
            whole[DIABETES_COLUMNS] = targets.get(rows.size())[0];
            rows.add(whole);
        }
        return rows;
    }

    private static List<double[]> checked(String name, List<double[]> rows, int expected) {
        if (rows.size() != expected) {
            throw new IllegalStateException(name + ": expected " + expected + " rows, found " + rows.size());
        }
        return rows;
    }

    private static List<double[]> read(String name, char separator, boolean header, int columns) {
        List<double[]> rows = new ArrayList<>();
        try (InputStream in = Tables.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalStateException("resource " + name + " is not on the class path");
            }
            InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
            try (CsvReader<CsvRecord> reader = CsvReader.builder()
                    .fieldSeparator(separator)
                    .ofCsvRecord(new InputStreamReader(plain, StandardCharsets.US_ASCII))) {
                boolean skip = header;
                for (CsvRecord record : reader) {
                    if (!skip) {
                        rows.add(row(name, record, columns));
                    }
                    skip = false;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
        return rows;
    }

    private static double[] row(String name, CsvRecord record, int columns) {
        if (record.getFieldCount() != columns) {
            throw new IllegalStateException(name + ", line " + record.getStartingLineNumber() + ": expected " + columns
                    + " fields, found " + record.getFieldCount());
        }
        return record.getFields().stream().mapToDouble(Double::parseDouble).toArray();
    }
}
