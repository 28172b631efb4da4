package io.github.influence4j.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardFolderTest {

    @TempDir
    private Path folder;

    @Test
    void listsShardsInTheOrderOfTheirNames() throws IOException {
        for (String name :
                List.of("b.safetensors", "a.safetensors", "a10.safetensors", ".c.safetensors", "notes.txt")) {
            Bytes.write(folder.resolve(name), "{}", 0);
        }
        ShardFolder shards = new ShardFolder(folder);
        assertEquals(List.of("a.safetensors", "a10.safetensors", "b.safetensors"), shards.names());
        try (SafetensorsFile file = shards.open("b.safetensors")) {
            assertEquals(0, file.names().size());
        }
    }

    @Test
    void refusesAFolderWithoutShards() {
        assertThrows(MalformedFileException.class, () -> new ShardFolder(folder).names());
        assertThrows(java.nio.file.NoSuchFileException.class, () -> new ShardFolder(folder.resolve("no")).names());
    }

    @Test
    void refusesLinksAndFolders() throws IOException {
        Path real = Bytes.write(folder.resolve("real"), "{}", 0);
        Path shards = Files.createDirectory(folder.resolve("shards"));
        Path link = Files.createSymbolicLink(shards.resolve("a.safetensors"), real);
        ShardFolder trusted = new ShardFolder(shards);
        assertThrows(MalformedFileException.class, trusted::names);
        assertThrows(MalformedFileException.class, () -> trusted.open("a.safetensors"));
        // whoever names the link himself may use one
        SafetensorsFile.open(link).close();
        Files.delete(link);
        Files.createDirectory(link);
        assertThrows(MalformedFileException.class, trusted::names);
        assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(link));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "C:x", "a\u0000b", "a\nb", "a\ud800"})
    void refusesNamesThatLeadElsewhere(String name) {
        assertThrows(MalformedFileException.class, () -> new ShardFolder(folder).resolve(name));
    }

    @Test
    void aFileAppearsWholeOrNotAtAll() throws IOException {
        Path file = folder.resolve("report.json");
        AtomicFile.write(file, "old".getBytes(StandardCharsets.UTF_8));
        try (AtomicFile begun = AtomicFile.create(file)) {
            FileChannel channel = begun.channel();
            channel.write(java.nio.ByteBuffer.wrap(new byte[10]));
            assertEquals("old", Files.readString(file));
        }
        assertEquals("old", Files.readString(file));
        AtomicFile.write(file, "new".getBytes(StandardCharsets.UTF_8));
        assertEquals("new", Files.readString(file));
        try (var left = Files.list(folder)) {
            assertEquals(1, left.count());
        }
        assertFalse(Files.exists(folder.resolve("no")));
        assertThrows(IOException.class, () -> AtomicFile.write(folder.resolve("no/x"), new byte[1]));
    }
}
