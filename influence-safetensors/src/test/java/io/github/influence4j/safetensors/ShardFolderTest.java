package io.github.influence4j.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

    /** Defect: Hugging Face's cache, whose snapshots are links to blobs, could not be looked into. */
    @Test
    void foldersOfDownloadsMayBeLinks() throws IOException {
        Path blob = Bytes.write(Files.createDirectories(folder.resolve("blobs")).resolve("5891b5b522"), "{}", 0);
        Path snapshot = Files.createDirectories(folder.resolve("snapshots/f00d"));
        Path link = snapshot.resolve("model.safetensors");
        Files.createSymbolicLink(link, snapshot.relativize(blob));
        ShardFolder download = ShardFolder.ofDownload(snapshot);
        assertEquals(List.of("model.safetensors"), download.names());
        try (SafetensorsFile file = download.open("model.safetensors")) {
            assertEquals(link, file.path());
        }
        assertThrows(MalformedFileException.class, () -> new ShardFolder(snapshot).names());
        Files.delete(blob);
        assertThrows(IOException.class, download::names);
        Files.createDirectory(blob);
        assertThrows(MalformedFileException.class, download::names);
    }

    /** Defect: a pickle was "a header of 280379768963 bytes", and a folder of pickles held nothing. */
    @Test
    void picklesAreRefusedWithTheReason() throws IOException {
        byte[][] starts = {
            {'P', 'K', 3, 4, 0, 0, 8, 8, 0, 0},
            {'P', 'K', 3, 4, 20, 0, 0, 0, 0, 0},
            {(byte) 0x80, 2, (byte) 0x8a, 10, 'l', (byte) 0xfc, (byte) 0x9c, 'F', (byte) 0xf9},
            {(byte) 0x80, 4, (byte) 0x95, 30, 0, 0, 0, 1, 2, 3},
        };
        for (byte[] start : starts) {
            Path file = Files.write(folder.resolve("weights.pt"), start);
            String message = String.valueOf(assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file))
                    .getMessage());
            assertTrue(message.contains("is a pickle"), message);
            assertTrue(message.contains("safetensors.torch.save_file"), message);
        }
        String message =
                String.valueOf(assertThrows(MalformedFileException.class, () -> new ShardFolder(folder).names())
                        .getMessage());
        assertTrue(message.contains("\"weights.pt\": a pickle"), message);
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
