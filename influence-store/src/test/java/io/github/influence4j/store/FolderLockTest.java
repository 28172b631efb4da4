package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.safetensors.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lock of a folder in which others write without it, and in which killed processes left files behind. */
class FolderLockTest {

    /** What should be there. */
    private static final class State {
        private final Path folder;
        private final List<AtomicFile> writing = new ArrayList<>();
        private final Set<Path> leftovers = new HashSet<>();
        private final Set<Path> written = new HashSet<>();
        private Optional<FolderLock> held = Optional.empty();

        State() {
            try {
                folder = Files.createTempDirectory("lock");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void check() throws IOException {
            List<Path> files;
            try (Stream<Path> all = Files.list(folder)) {
                files = all.filter(file -> !file.endsWith(".lock")).toList();
            }
            Set<Path> others = new HashSet<>(files);
            assertTrue(others.containsAll(written), () -> written + " should be in " + files);
            others.removeAll(written);
            assertTrue(others.containsAll(leftovers), () -> leftovers + " should be in " + files);
            others.removeAll(leftovers);
            assertEquals(writing.size(), others.size(), "files that are being written");
        }
    }

    private interface Step {
        void run(State state) throws IOException;
    }

    private static Action<State> action(String name, Step step) {
        return Action.just(Transformer.mutate(name, state -> {
            try {
                step.run(state);
                state.check();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }));
    }

    private static void acquire(State state) throws IOException {
        if (state.held.isPresent()) {
            assertThrows(IllegalStateException.class, () -> FolderLock.acquire(state.folder));
            return;
        }
        state.held = Optional.of(FolderLock.acquire(state.folder));
        state.leftovers.clear();
    }

    private static void release(State state) throws IOException {
        if (state.held.isPresent()) {
            FolderLock lock = state.held.get();
            lock.requireHeld();
            lock.close();
            assertThrows(IllegalStateException.class, lock::requireHeld);
            state.held = Optional.empty();
        }
    }

    private static void write(State state) throws IOException {
        AtomicFile file = AtomicFile.create(state.folder.resolve("file" + state.writing.size()));
        file.channel().write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        state.writing.add(file);
    }

    private static void commit(State state) throws IOException {
        if (!state.writing.isEmpty()) {
            try (AtomicFile file = state.writing.remove(state.writing.size() - 1)) {
                file.commit();
                assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(file.target()));
                state.written.add(file.target());
            }
        }
    }

    private static void giveUp(State state) throws IOException {
        if (!state.writing.isEmpty()) {
            state.writing.remove(0).close();
        }
    }

    /** As a killed process leaves it. */
    private static void leave(State state) throws IOException {
        Path file = state.folder.resolve("." + "file." + UUID.randomUUID() + ".tmp");
        state.leftovers.add(Files.write(file, new byte[] {4}));
    }

    @Provide
    Arbitrary<ActionChain<State>> lives() {
        return ActionChain.startWith(State::new)
                .withAction(2, action("acquire", FolderLockTest::acquire))
                .withAction(2, action("release", FolderLockTest::release))
                .withAction(2, action("write", FolderLockTest::write))
                .withAction(1, action("commit", FolderLockTest::commit))
                .withAction(1, action("give up", FolderLockTest::giveUp))
                .withAction(1, action("leave", FolderLockTest::leave));
    }

    /** Defect: taking the lock removed what writers without it were writing. */
    @Property(tries = 200)
    void removesWhatIsLeftAndNothingElse(@ForAll("lives") ActionChain<State> lives) throws IOException {
        State state = lives.run();
        release(state);
        for (AtomicFile file : state.writing) {
            file.close();
        }
        try (Stream<Path> files = Files.walk(state.folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void aLinkInItsPlaceIsNotFollowed(@TempDir Path folder) throws IOException {
        Path elsewhere = folder.resolve("elsewhere");
        Path results = Files.createDirectory(folder.resolve("results"));
        Files.createSymbolicLink(results.resolve(".lock"), elsewhere);
        assertThrows(IOException.class, () -> FolderLock.acquire(results));
        assertTrue(Files.notExists(elsewhere));
    }
}
