package io.github.influence4j.cli;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.IndexedCsvReader;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Rows of a table, in CSV with a header, as texts of examples.
 *
 * <p>Opening goes through the file once and keeps where each row begins; rows are read again when they are asked for.
 */
final class TableTexts implements ExampleTexts {

    private static final String TEXT = "text";
    private static final String ID = "id";

    private final Path file;
    private final IndexedCsvReader<CsvRecord> reader;
    private final List<String> header;
    private final int text;
    private final Optional<Integer> id;
    private final List<Integer> rows = new ArrayList<>();
    private final List<Long> ids = new ArrayList<>();

    private TableTexts(Path file, IndexedCsvReader<CsvRecord> reader, Columns columns) {
        this.file = file;
        this.reader = reader;
        this.header = record(0).getFields();
        this.text = column(columns.text().orElse(TEXT), "--text-column");
        this.id = columns.id().isPresent() || header.contains(ID)
                ? Optional.of(column(columns.id().orElse(ID), "--id-column"))
                : Optional.empty();
        Set<Long> seen = new HashSet<>();
        for (int row = 1; row < reader.getIndex().pages().size(); row++) {
            CsvRecord record = record(row);
            if (record.getFields().equals(List.of(""))) {
                continue; // a blank line
            }
            if (record.getFieldCount() != header.size()) {
                throw wrong(record, "has " + record.getFieldCount() + " fields, the header " + header.size());
            }
            rows.add(row);
            long number = id(record);
            if (!seen.add(number)) {
                throw wrong(record, "has the id " + number + " of an earlier row; ids must be distinct");
            }
            ids.add(number);
        }
        if (rows.isEmpty()) {
            throw new MalformedFileException(file, "has a header and no row");
        }
    }

    static TableTexts open(Path file, char separator, Columns columns) throws IOException {
        requireUtf8(file);
        IndexedCsvReader<CsvRecord> reader;
        try {
            reader = IndexedCsvReader.builder()
                    .fieldSeparator(separator)
                    .pageSize(1)
                    .allowUnclosedQuote(false)
                    .allowExtraCharsAfterClosingQuote(false)
                    .ofCsvRecord(file);
        } catch (CsvParseException e) {
            throw malformed(file, e);
        }
        try {
            return new TableTexts(file, reader, columns);
        } catch (RuntimeException | Error e) {
            reader.close();
            throw e;
        }
    }

    /** What is no UTF-8 would be read as question marks. */
    private static void requireUtf8(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new MalformedFileException(file, "is a folder; expected a table in CSV");
        }
        char[] some = new char[1 << 13];
        boolean empty = true;
        try (Reader text = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            while (text.read(some) >= 0) {
                empty = false;
            }
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, "is not UTF-8; save the table as CSV in UTF-8", e);
        }
        if (empty) {
            throw new MalformedFileException(file, "is empty; expected a header and a row for each example");
        }
    }

    private static MalformedFileException malformed(Path file, CsvParseException e) {
        return new MalformedFileException(file, "is not CSV: " + e.getMessage(), e);
    }

    private CsvRecord record(int row) {
        try {
            return reader.readPage(row).get(0);
        } catch (CsvParseException e) {
            throw malformed(file, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int column(String name, String option) {
        int place = header.indexOf(name);
        if (place < 0) {
            throw new IllegalArgumentException(file + " has no column \"" + name + "\"; its columns are " + header
                    + (option.isEmpty() ? "" : ", name one with " + option));
        }
        return place;
    }

    private long id(CsvRecord record) {
        if (id.isEmpty()) {
            return rows.size();
        }
        String written = record.getField(id.get()).strip();
        try {
            return Long.parseLong(written);
        } catch (NumberFormatException e) {
            throw wrong(record, "has the id \"" + written + "\"; expected a whole number");
        }
    }

    private MalformedFileException wrong(CsvRecord record, String problem) {
        return new MalformedFileException(file, "line " + record.getStartingLineNumber() + " " + problem);
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public long[] ids() {
        return ids.stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public boolean numbered() {
        return id.isEmpty();
    }

    @Override
    public String text(int place) {
        return record(rows.get(place)).getField(text);
    }

    @Override
    public List<String> tokens(int place) {
        return List.of();
    }

    @Override
    public String field(int place, String name) {
        return record(rows.get(place)).getField(column(name, ""));
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
