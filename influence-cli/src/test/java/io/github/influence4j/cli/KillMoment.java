package io.github.influence4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * When a process gets SIGKILL: some time after it has said so many lines, or after files have appeared in the folder that it
 * writes, or have vanished from it.
 *
 * @param name of the moment, for tables
 * @param reached tells whether the time has come to begin to wait
 * @param micros how long to wait then
 */
record KillMoment(String name, Reached reached, long micros) {

    /** How often the folder is looked at: a small run cleans up within a millisecond. */
    private static final long POLL_NANOS = 10_000;

    private static final long SECONDS = 120;

    /** Tells how far a process has come. */
    interface Reached {
        boolean by(int lines, Path out) throws IOException;
    }

    /**
     * What came of a process.
     *
     * @param killed whether it was still running
     * @param lines what it had said of its progress
     */
    record Outcome(boolean killed, List<String> lines) {}

    static KillMoment start(int millis) {
        return new KillMoment("start", (lines, out) -> true, TimeUnit.MILLISECONDS.toMicros(millis));
    }

    static KillMoment line(int count, int millis) {
        return new KillMoment("after a line", (lines, out) -> lines >= count, TimeUnit.MILLISECONDS.toMicros(millis));
    }

    /** When a file of the result has its name: the last of it, as the manifest is, or one before. */
    static KillMoment appears(String file, int micros) {
        return new KillMoment(file + " is there", (lines, out) -> Files.exists(out.resolve(file)), micros);
    }

    /** While progress is removed, whose description goes first. */
    static KillMoment cleaning(String manifest, int micros) {
        return new KillMoment(
                "progress.json is gone",
                (lines, out) ->
                        Files.exists(out.resolve(manifest)) && !Files.exists(out.resolve(".progress/progress.json")),
                micros);
    }

    /** Waits for the moment and kills; what the process says is read beside it. */
    Outcome kill(Process child, Path out) throws IOException, InterruptedException {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        try (BufferedReader reader = child.inputReader(StandardCharsets.UTF_8)) {
            Thread listener = new Thread(() -> reader.lines()
                    .filter(line -> line.matches(".* [0-9]+ of [0-9]+"))
                    .forEach(heard::add));
            listener.start();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (!reached.by(heard.size(), out) && child.isAlive() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(POLL_NANOS);
            }
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(micros));
            // by its handle, as the process's own method closes the stream
            boolean running = child.isAlive() && child.toHandle().destroyForcibly();
            int code = child.waitFor();
            listener.join();
            return new Outcome(running && code != 0, List.copyOf(heard));
        }
    }
}
