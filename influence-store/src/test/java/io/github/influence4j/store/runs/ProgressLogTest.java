package io.github.influence4j.store.runs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.runs.ProgressLog.Finished;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;

/** The log of a run against a map: whatever is finished, forgotten, torn off in the middle of a line, and opened again. */
class ProgressLogTest {

    private static final List<String> SERIES = List.of("covariances-0", "eigenvalues-0", "basis-0-1", "\"\n\u00e4");

    /** A log on the disk, the log in use, and what they must say. */
    private static final class State {
        private final Path folder;
        private final Map<String, Finished> expected = new LinkedHashMap<>();
        private ProgressLog log;

        State() {
            try {
                folder = Files.createTempDirectory("progress");
                log = ProgressLog.open(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void check() {
            for (String series : SERIES) {
                assertEquals(Optional.ofNullable(expected.get(series)), log.find(series));
            }
            assertEquals(expected.isEmpty(), log.isEmpty());
        }
    }

    private interface Step {
        void run(State state) throws IOException;
    }

    private static Transformer<State> step(String name, Step step) {
        return Transformer.mutate(name, state -> {
            try {
                step.run(state);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            state.check();
        });
    }

    private static Finished unit(int units) {
        return new Finished(units, "unit-" + units + ".safetensors", new UnitChecksum(8L * units, "0f" + units));
    }

    private static Action<State> finish() {
        return new Action.Independent<State>() {
            @Override
            public Arbitrary<Transformer<State>> transformer() {
                return Combinators.combine(
                                Arbitraries.of(SERIES), Arbitraries.integers().between(1, 1000))
                        .as((series, units) -> step("finish " + series + " " + units, state -> {
                            requireAppended(state, () -> state.log.finish(series, unit(units)));
                            state.expected.put(series, unit(units));
                        }));
            }
        };
    }

    private static Action<State> forget() {
        return new Action.Independent<State>() {
            @Override
            public Arbitrary<Transformer<State>> transformer() {
                return Arbitraries.of(SERIES)
                        .map(series -> step("forget " + series, state -> {
                            requireAppended(state, () -> state.log.forget(series));
                            state.expected.remove(series);
                        }));
            }
        };
    }

    private interface Change {
        void run() throws IOException;
    }

    /** Defect: the progress of a run was written anew at every unit, so that n units wrote n² lines. */
    private static void requireAppended(State state, Change change) throws IOException {
        byte[] before = Files.exists(file(state)) ? Files.readAllBytes(file(state)) : new byte[0];
        Optional<Object> key = key(state);
        change.run();
        byte[] after = Files.readAllBytes(file(state));
        assertTrue(after.length - before.length < 400, "a unit costs its own line only");
        assertArrayEquals(before, Arrays.copyOf(after, before.length), "what stood there stays");
        key.ifPresent(same -> assertEquals(key, key(state), "another file"));
    }

    /** Tells files of one name apart, where the file system can. */
    private static Optional<Object> key(State state) {
        try {
            return Files.exists(file(state))
                    ? Optional.ofNullable(Files.readAttributes(file(state), BasicFileAttributes.class)
                            .fileKey())
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Action<State> reopen() {
        return Action.just("reopen", state -> {
            try {
                state.log = ProgressLog.open(state.folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            state.check();
            return state;
        });
    }

    /** The process ends while it appends: some of the line's bytes are there, or all but what the medium did not take. */
    private static Action<State> tear() {
        return new Action.Independent<State>() {
            @Override
            public Arbitrary<Transformer<State>> transformer() {
                return Combinators.combine(
                                Arbitraries.of(SERIES),
                                Arbitraries.doubles().between(0, 1),
                                Arbitraries.of(true, false))
                        .as((series, share, zeroed) -> step("tear " + series + " " + share + " " + zeroed, state -> {
                            int before = (int) size(state);
                            state.log.finish(series, unit(7));
                            byte[] bytes = Files.readAllBytes(file(state));
                            int kept = before + (int) (share * (bytes.length - 2 - before));
                            if (zeroed) {
                                // the length was written, the last block was not
                                Arrays.fill(bytes, kept, bytes.length - 1, (byte) 0);
                                Files.write(file(state), bytes);
                            } else {
                                Files.write(file(state), Arrays.copyOf(bytes, kept));
                            }
                            state.log = ProgressLog.open(state.folder);
                        }));
            }
        };
    }

    private static Path file(State state) {
        return state.folder.resolve(ProgressLog.FILE);
    }

    private static long size(State state) throws IOException {
        return Files.exists(file(state)) ? Files.size(file(state)) : 0;
    }

    @Provide
    Arbitrary<ActionChain<State>> runs() {
        return ActionChain.startWith(State::new)
                .withAction(3, finish())
                .withAction(1, forget())
                .withAction(1, reopen())
                .withAction(2, tear());
    }

    @Property(tries = 200)
    void saysWhatWasFinished(@ForAll("runs") ActionChain<State> runs) throws IOException {
        State state = runs.run();
        try (Stream<Path> files = Files.walk(state.folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** A flipped byte anywhere but in the last line is damage, not an end. */
    @Property(tries = 100)
    void damageBeforeTheEndIsRefused(@ForAll int where, @ForAll byte flip) throws IOException {
        State state = new State();
        state.log.finish(SERIES.get(0), unit(1));
        int first = (int) size(state);
        state.log.finish(SERIES.get(1), unit(2));
        byte[] bytes = Files.readAllBytes(file(state));
        int at = Math.floorMod(where, first - 1);
        bytes[at] ^= (byte) (flip == 0 ? 1 : flip);
        Files.write(file(state), bytes, StandardOpenOption.TRUNCATE_EXISTING);
        assertThrows(MalformedFileException.class, () -> ProgressLog.open(state.folder));
    }
}
