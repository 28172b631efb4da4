package io.github.influence4j.index.internal.file;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.store.Checksum;
import io.github.influence4j.store.json.ProvenanceJson;
import io.github.influence4j.store.json.SealedJson;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What a folder says of the index in it, {@code index.json}: written again whenever a shard is finished, after the shard is on the
 * medium.
 *
 * @param header what all shards have in common
 * @param adding what is being added; empty where nothing is unfinished
 * @param shards the finished shards, in order
 * @param provenance how the index was made
 */
public record IndexManifest(IndexHeader header, Optional<Adding> adding, List<Shard> shards, Provenance provenance) {

    /** The manifest's file name. */
    public static final String FILE = "index.json";

    private static final String FORMAT = "influence-index";
    private static final int VERSION = 2;

    /**
     * What is being added.
     *
     * @param data describes the data
     * @param after how many shards were there before
     */
    public record Adding(String data, int after) {}

    /**
     * A finished file.
     *
     * @param name its name
     * @param checksum size and SHA-256
     */
    public record StoredFile(String name, Checksum checksum) {}

    /**
     * A finished shard.
     *
     * @param examples number of sequences
     * @param source describes the data it was made of
     * @param files one for each section of the index, in their order
     */
    public record Shard(int examples, String source, Map<IndexSection, StoredFile> files) {

        /** Copies the map. */
        public Shard {
            files = Collections.unmodifiableMap(new EnumMap<>(files));
        }

        /**
         * Returns the file of a section.
         *
         * @param section one that the index has
         * @return the file
         */
        public StoredFile file(IndexSection section) {
            return Objects.requireNonNull(files.get(section), () -> "no " + section);
        }
    }

    /** Copies the list. */
    public IndexManifest {
        shards = List.copyOf(shards);
    }

    /**
     * Says whether a folder holds an index.
     *
     * @param folder the folder
     * @return whether there is a manifest
     */
    public static boolean exists(Path folder) {
        return Files.exists(folder.resolve(FILE), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Reads the manifest of a folder.
     *
     * @param folder the folder
     * @return the manifest
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is not one
     */
    public static IndexManifest read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        StrictJson json = SealedJson.read(file, "the index's manifest");
        if (!json.text("format").equals(FORMAT)) {
            throw json.malformed("format", FORMAT);
        }
        if (json.integer("version") != VERSION) {
            throw json.malformed("version", VERSION + ", the version that this library reads");
        }
        json.requireOnly(Set.of("format", "version", "header", "adding", "shards", "provenance", SealedJson.CHECKSUM));
        IndexHeader header = IndexHeader.read(json.object("header"));
        List<Shard> shards = new ArrayList<>();
        for (StrictJson shard : json.list("shards")) {
            shards.add(shard(folder, header.sections(), shard));
        }
        List<String> names = shards.stream()
                .flatMap(shard -> shard.files().values().stream())
                .map(StoredFile::name)
                .toList();
        if (names.stream().distinct().count() != names.size()) {
            throw new MalformedFileException(file, "names a file twice");
        }
        return new IndexManifest(
                header, adding(json, shards.size()), shards, ProvenanceJson.read(json.object("provenance")));
    }

    private static Optional<Adding> adding(StrictJson json, int shards) {
        if (!json.hasValue("adding")) {
            return Optional.empty();
        }
        StrictJson adding = json.object("adding");
        adding.requireOnly(Set.of("data", "after"));
        long after = adding.integer("after");
        if (after < 0 || after > shards) {
            throw adding.malformed("after", "a number of shards from 0 to " + shards);
        }
        return Optional.of(new Adding(adding.text("data"), (int) after));
    }

    private static Shard shard(Path folder, Set<IndexSection> sections, StrictJson json) throws IOException {
        Set<String> keys = new HashSet<>(Set.of("examples", "source"));
        Map<IndexSection, StoredFile> files = new EnumMap<>(IndexSection.class);
        for (IndexSection section : sections) {
            keys.add(section.key());
            StrictJson file = json.object(section.key());
            file.requireOnly(Set.of("file", "bytes", "sha256"));
            String name = file.text("file");
            new ShardFolder(folder).resolve(name);
            files.put(section, new StoredFile(name, new Checksum(file.integer("bytes"), file.text("sha256"))));
        }
        json.requireOnly(keys);
        return new Shard(json.positive("examples"), json.text("source"), files);
    }

    /**
     * Writes the manifest.
     *
     * @param folder the folder
     * @throws IOException if it cannot be written; an older one is then still there
     */
    public void write(Path folder) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", VERSION);
        json.put("header", header.toJson());
        adding.ifPresent(unfinished -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("data", unfinished.data());
            entry.put("after", unfinished.after());
            json.put("adding", entry);
        });
        json.put("shards", shards.stream().map(IndexManifest::json).toList());
        json.put("provenance", ProvenanceJson.write(provenance));
        AtomicFile.write(folder.resolve(FILE), SealedJson.write(json));
    }

    private static Map<String, Object> json(Shard shard) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("examples", shard.examples());
        json.put("source", shard.source());
        shard.files().forEach((section, file) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("file", file.name());
            entry.put("bytes", file.checksum().bytes());
            entry.put("sha256", file.checksum().sha256());
            json.put(section.key(), entry);
        });
        return json;
    }

    /**
     * Adds a shard.
     *
     * @param shard the shard, which is on the medium
     * @return the manifest with it
     */
    public IndexManifest with(Shard shard) {
        List<Shard> more = new ArrayList<>(shards);
        more.add(shard);
        return new IndexManifest(header, adding, more, provenance);
    }

    /**
     * Says what is being added, after the shards that are there.
     *
     * @param data describes the data
     * @return the manifest that says so
     */
    public IndexManifest adding(String data) {
        return new IndexManifest(header, Optional.of(new Adding(data, shards.size())), shards, provenance);
    }

    /**
     * Says that nothing is unfinished.
     *
     * @return the manifest that says so
     */
    public IndexManifest finished() {
        return new IndexManifest(header, Optional.empty(), shards, provenance);
    }

    /**
     * Gives up what is being added.
     *
     * @return the manifest as it was before
     * @throws java.util.NoSuchElementException if nothing is being added
     */
    public IndexManifest before() {
        int after = adding.orElseThrow().after();
        return new IndexManifest(header, Optional.empty(), shards.subList(0, after), provenance);
    }

    /**
     * Counts the sequences.
     *
     * @return the sum over the shards
     */
    public long examples() {
        return shards.stream().mapToLong(Shard::examples).sum();
    }
}
