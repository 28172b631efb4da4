package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** Holds the reading of a spoilt file to what it may do: take it or refuse it in one sentence, in bounded memory and time. */
public final class SpoiltRead {

    /** Bytes of memory, whatever the file: parsers, small arrays, texts. */
    private static final long CONSTANT = 1 << 21;

    /** Bytes of memory a byte of the file: an entry of a header takes about 20 of its own, U8 elements are read as float64. */
    private static final long PER_BYTE = 100;

    private static final long SECONDS = 10;

    /** Reads a spoilt file. */
    public interface Reader {
        void read() throws IOException;
    }

    private SpoiltRead() {}

    /**
     * Reads.
     *
     * @param what the case, by which it can be repeated
     * @param size bytes of the files
     * @param reader reads them
     * @return false where they were refused
     */
    public static boolean isTaken(String what, long size, Reader reader) throws IOException {
        long limit = CONSTANT + PER_BYTE * size;
        Outcome first = outcome(what, reader);
        // what is read for the first time may load classes, which takes memory that the file does not ask for: once
        Outcome judged = first.allocated() <= limit ? first : outcome(what, reader);
        assertTrue(judged.allocated() <= limit, () -> what + ": " + judged.allocated() + " bytes for " + size);
        return judged.taken();
    }

    private record Outcome(boolean taken, long allocated) {}

    private static Outcome outcome(String what, Reader reader) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // not wall time: a machine may be busy, or asleep
        long start = threads.getCurrentThreadCpuTime();
        long before = threads.getCurrentThreadAllocatedBytes();
        boolean taken = false;
        try {
            reader.read();
            taken = true;
        } catch (MalformedFileException e) {
            String message = String.valueOf(e.getMessage());
            assertTrue(message.lines().count() == 1 && message.length() < 2000, () -> what + ": " + message);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        long seconds = (threads.getCurrentThreadCpuTime() - start) / 1_000_000_000;
        assertTrue(seconds < SECONDS, () -> what + ": " + seconds + " s of CPU time");
        return new Outcome(taken, allocated);
    }
}
