package io.github.influence4j.cli;

import io.github.influence4j.lm.text.JsonLines;
import io.github.influence4j.lm.text.PlainTexts;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Lines of JSON as texts of examples. */
final class JsonTexts implements ExampleTexts {

    private final Path file;
    private final PlainTexts lines;
    private final Optional<String> column;
    private final boolean numbered;

    private JsonTexts(Path file, PlainTexts lines, Optional<String> column, boolean numbered) {
        this.file = file;
        this.lines = lines;
        this.column = column;
        this.numbered = numbered;
    }

    static JsonTexts open(Path file, Columns columns) throws IOException {
        String id = columns.id().orElse("id");
        boolean numbered;
        try (JsonLines lines = JsonLines.open(file)) {
            numbered = !lines.read(0).hasValue(id);
        }
        if (numbered && columns.id().isPresent()) {
            throw new MalformedFileException(file, "has no \"" + id + "\" in its first line, which --id-column names");
        }
        return new JsonTexts(file, PlainTexts.open(file, id), columns.text(), numbered);
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public long[] ids() {
        return lines.ids();
    }

    @Override
    public boolean numbered() {
        return numbered;
    }

    @Override
    public String text(int place) {
        return column.map(name -> lines.field(place, name)).orElseGet(() -> lines.text(place));
    }

    @Override
    public List<String> tokens(int place) {
        return lines.texts(place, "tokens");
    }

    @Override
    public String field(int place, String name) {
        return lines.field(place, name);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
