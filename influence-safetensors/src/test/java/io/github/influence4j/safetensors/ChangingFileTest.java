package io.github.influence4j.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ChangingFileTest {

    private static final int COUNT = 1 << 20;

    @TempDir
    private Path folder;

    private Path write(String name, float value) throws IOException {
        Path file = folder.resolve(name);
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(file, List.of(TensorSpec.of("x", TensorType.F32, COUNT)), Map.of())) {
            float[] numbers = new float[COUNT];
            java.util.Arrays.fill(numbers, value);
            writer.append("x", numbers, 0, COUNT);
            writer.commit();
        }
        return file;
    }

    @Test
    void aFileCutOffUnderTheReaderIsAnException() throws IOException {
        Path file = write("x.safetensors", 1);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            Matrix matrix = read.matrix("x");
            assertEquals(1, matrix.toArray()[0][COUNT - 1], 0);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(COUNT);
            }
            MalformedFileException cut = assertThrows(MalformedFileException.class, matrix::toArray);
            assertTrue(String.valueOf(cut.getMessage()).contains("ends at byte " + COUNT), cut.getMessage());
            assertThrows(MalformedFileException.class, read::checkUnchanged);
        }
    }

    @Test
    void aChangeInPlaceIsNoticed() throws IOException {
        Path file = write("x.safetensors", 1);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            read.checkUnchanged();
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(java.nio.ByteBuffer.allocate(8), 4096);
            }
            Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
            assertThrows(MalformedFileException.class, read::checkUnchanged);
        }
    }

    /** Defect: with size and time put back, it was not. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aChangeIsNoticedThoughTheTimeIsPutBack() throws IOException {
        Path file = write("x.safetensors", 1);
        FileTime time = Files.getLastModifiedTime(file);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(java.nio.ByteBuffer.allocate(8), 4096);
            }
            Files.setLastModifiedTime(file, time);
            assertThrows(MalformedFileException.class, read::checkUnchanged);
        }
    }

    @Test
    void aFileThatIsReplacedIsReadToTheEndAndNoticed() throws IOException {
        Path file = write("x.safetensors", 1);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            write("x.safetensors", 2);
            assertEquals(1, read.matrix("x").toArray()[0][7], 0);
            assertThrows(MalformedFileException.class, read::checkUnchanged);
            Files.delete(file);
            assertThrows(java.io.UncheckedIOException.class, read::checkUnchanged);
        }
    }

    @Test
    void interruptionOfOneThreadDoesNotDisturbOthers() throws Exception {
        Path file = write("x.safetensors", 1);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            CountDownLatch interrupted = new CountDownLatch(1);
            List<Future<?>> others = new ArrayList<>();
            for (int k = 0; k < 3; k++) {
                others.add(threads.submit(() -> {
                    float[] numbers = new float[COUNT];
                    do {
                        read.read("x", 0, COUNT, numbers, 0);
                        assertEquals(1, numbers[COUNT - 1], 0);
                    } while (interrupted.getCount() > 0);
                    return numbers;
                }));
            }
            Future<?> victim = threads.submit(() -> {
                for (int k = 0; k < 20; k++) {
                    Thread.currentThread().interrupt();
                    assertThrows(CancellationException.class, () -> read.read("x", 0, 1, new float[1], 0));
                    assertTrue(Thread.interrupted());
                }
            });
            victim.get();
            interrupted.countDown();
            for (Future<?> other : others) {
                other.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void threadsShareAFile() throws Exception {
        Path file = folder.resolve("x.safetensors");
        double[] numbers = new java.util.Random(3).doubles(COUNT).toArray();
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(file, List.of(TensorSpec.of("x", TensorType.F64, COUNT)), Map.of())) {
            writer.append("x", numbers, 0, COUNT);
            writer.commit();
        }
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            List<Future<double[]>> parts = new ArrayList<>();
            for (int k = 0; k < 64; k++) {
                int first = k * (COUNT / 64);
                parts.add(threads.submit(() -> {
                    double[] part = new double[COUNT / 64];
                    read.read("x", first, part.length, part, 0);
                    return part;
                }));
            }
            double[] all = new double[COUNT];
            for (int k = 0; k < 64; k++) {
                System.arraycopy(parts.get(k).get(), 0, all, k * (COUNT / 64), COUNT / 64);
            }
            assertArrayEquals(numbers, all);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aClosedFileSaysSo() throws IOException {
        SafetensorsFile read = SafetensorsFile.open(write("x.safetensors", 1));
        read.close();
        assertThrows(IllegalStateException.class, () -> read.matrix("x").toArray());
    }
}
