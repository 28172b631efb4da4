package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The largest RssAnon of this process while it is open: a thread reads {@code /proc/self/status} every millisecond.
 *
 * <p>Start Java with {@code -Xms} equal to {@code -Xmx} and {@code -XX:+AlwaysPreTouch}, so that the heap is a constant in it,
 * and with {@code MALLOC_MMAP_THRESHOLD_=65536}, so that freed matrices go back to the system at once.
 */
final class ResidentMemory implements AutoCloseable {

    private static final String FIELD = "RssAnon:";

    private final Thread sampler;
    private volatile boolean open = true;
    private volatile long peak;

    ResidentMemory() {
        peak = now();
        sampler = new Thread(this::sample, "resident memory");
        sampler.setDaemon(true);
        sampler.start();
    }

    /** Bytes of anonymous memory that this process has in RAM now. */
    static long now() {
        try (RandomAccessFile status = open()) {
            return read(status, new byte[4096]);
        } catch (IOException e) {
            throw new UncheckedIOException("RssAnon is known on Linux only", e);
        }
    }

    private static RandomAccessFile open() throws IOException {
        return new RandomAccessFile("/proc/self/status", "r");
    }

    private static long read(RandomAccessFile status, byte[] buffer) throws IOException {
        status.seek(0);
        int length = status.read(buffer);
        String text = new String(buffer, 0, length, StandardCharsets.US_ASCII);
        int start = text.indexOf(FIELD) + FIELD.length();
        String kibibytes = text.substring(start, text.indexOf("kB", start)).strip();
        return 1024 * Long.parseLong(kibibytes);
    }

    private void sample() {
        byte[] buffer = new byte[4096];
        try (RandomAccessFile status = open()) {
            while (open) {
                peak = Math.max(peak, read(status, buffer));
                Thread.sleep(1);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The peak since the last call. */
    long takePeak() {
        long result = Math.max(peak, now());
        peak = 0;
        return result;
    }

    @Override
    public void close() {
        open = false;
        try {
            sampler.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
