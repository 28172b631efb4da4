package io.github.influence4j.cli;

import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which examples are scored: the ids that {@code influence candidates} wrote, or a file {"ids": [...]} of the user's.
 *
 * @param ids examples that a search found, in the order of the data
 * @param sample some of the others, drawn at random
 * @param lines number of all examples
 */
record Candidates(List<Long> ids, List<Long> sample, long lines) {

    Candidates {
        ids = List.copyOf(ids);
        sample = List.copyOf(sample);
    }

    void write(Path file) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("lines", lines);
        json.put("ids", ids);
        json.put("sample", sample);
        String text = JsonMapper.builder().build().writeValueAsString(json);
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    static Candidates read(Path file) throws IOException {
        StrictJson json = StrictJson.read(file, "the candidates");
        json.requireOnly(Set.of("lines", "ids", "sample"));
        List<Long> ids = json.integers("ids");
        List<Long> sample = json.has("sample") ? json.integers("sample") : List.of();
        long lines = json.has("lines") ? json.integer("lines") : 0;
        Set<Long> all = new LinkedHashSet<>(ids);
        all.addAll(sample);
        if (ids.isEmpty() || all.size() < ids.size() + sample.size()) {
            throw new MalformedFileException(file, ids.isEmpty() ? "names no example" : "names an example twice");
        }
        return new Candidates(ids, sample, lines);
    }

    Set<Long> all() {
        Set<Long> all = new LinkedHashSet<>(ids);
        all.addAll(sample);
        return all;
    }

    <E> PartedData<E> of(PartedData<E> data) {
        return data.only(all());
    }
}
