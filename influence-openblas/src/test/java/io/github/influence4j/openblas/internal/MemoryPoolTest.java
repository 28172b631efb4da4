package io.github.influence4j.openblas.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.bytedeco.javacpp.Pointer;

/**
 * Any sequence of actions on a pool, beside a simple model of it: a list of the blocks in use, and one of those that are kept, the
 * oldest first.
 */
class MemoryPoolTest {

    private static final long LIMIT = 400;

    private static final long ABOVE_USE = 150;

    /** What the machine of the test has. */
    private static final long CAPACITY = 1000;

    /** One step. */
    sealed interface Action {
        record Take(Precision precision, int elements) implements Action {}

        /** Gives one of the blocks in use back, counted from the oldest and around. */
        record GiveBack(int index) implements Action {}

        record Clear() implements Action {}

        record Close() implements Action {}
    }

    private static final class FakeBlock extends Block {
        private final Model model;
        private boolean freed;

        FakeBlock(Model model, Precision precision, long elements) {
            super(precision, elements);
            this.model = model;
        }

        @Override
        protected Pointer address() {
            throw new UnsupportedOperationException("a pool does not look into its blocks");
        }

        @Override
        protected void free() {
            assertFalse(freed, "freed twice");
            freed = true;
            model.allocated -= bytes();
        }
    }

    /** The same rules, written down as lists. */
    private static final class Model {
        private final List<Block> used = new ArrayList<>();
        private final List<Block> kept = new ArrayList<>();
        private final MemoryPool pool = new MemoryPool(LIMIT, ABOVE_USE, this::allocate);
        private boolean closed;
        private long allocated;
        private int allocations;
        private long mostUsed;

        private Block allocate(Precision precision, long elements) {
            if (allocated + elements * precision.bytes() > CAPACITY) {
                throw new OutOfMemoryError("the test's machine is full");
            }
            allocated += elements * precision.bytes();
            allocations++;
            return new FakeBlock(this, precision, elements);
        }

        void run(Action action) {
            if (action instanceof Action.Take take) {
                take(take.precision(), take.elements());
            } else if (action instanceof Action.GiveBack back && !used.isEmpty()) {
                giveBack(used.remove(back.index() % used.size()));
            } else if (action instanceof Action.Clear) {
                pool.clear();
                kept.clear();
            } else if (action instanceof Action.Close) {
                pool.close();
                kept.clear();
                closed = true;
            }
            check();
        }

        /** The smallest kept block that fits, of these the one that was given back last; else a fresh one. */
        private void take(Precision precision, int elements) {
            Optional<Block> expected = kept.stream()
                    .filter(block -> block.precision() == precision
                            && block.elements() >= elements
                            && block.elements() <= elements + elements / 4)
                    .reduce((a, b) -> b.elements() <= a.elements() ? b : a);
            int before = allocations;
            if (expected.isEmpty()) {
                long use = bytes(used) + (long) elements * precision.bytes();
                while (use + bytes(kept) > Math.max(use, mostUsed) + ABOVE_USE) {
                    kept.remove(0);
                }
            }
            if (expected.isEmpty() && bytes(used) + bytes(kept) + (long) elements * precision.bytes() > CAPACITY) {
                // what is kept is given up first
                kept.clear();
                if (bytes(used) + (long) elements * precision.bytes() > CAPACITY) {
                    assertThrows(OutOfMemoryError.class, () -> pool.take(precision, elements));
                    return;
                }
            }
            Block block = pool.take(precision, elements);
            expected.ifPresentOrElse(
                    known -> assertSame(known, block), () -> assertEquals(elements, block.elements(), "a fresh block"));
            assertEquals(before + (expected.isPresent() ? 0 : 1), allocations);
            assertEquals(precision, block.precision());
            assertFalse(((FakeBlock) block).freed, "freed memory was given out");
            assertFalse(used.contains(block), "memory in use was given out");
            kept.remove(block);
            used.add(block);
            mostUsed = Math.max(mostUsed, bytes(used));
        }

        private void giveBack(Block block) {
            pool.giveBack(block);
            if (!closed && block.bytes() <= LIMIT) {
                kept.add(block);
                while (bytes(kept) > LIMIT) {
                    kept.remove(0);
                }
            }
        }

        private void check() {
            assertEquals(bytes(kept), pool.keptBytes());
            assertEquals(bytes(used) + bytes(kept), allocated, "whatever is neither in use nor kept is freed");
            assertTrue(allocated <= mostUsed + ABOVE_USE, "what is kept adds little to what was in use");
            for (Block block : kept) {
                assertFalse(((FakeBlock) block).freed, "kept and freed");
            }
        }

        private static long bytes(List<Block> blocks) {
            return blocks.stream().mapToLong(Block::bytes).sum();
        }
    }

    @Property
    void doesWhatItsModelDoes(@ForAll("actions") List<Action> actions) {
        Model model = new Model();
        actions.forEach(model::run);
        while (!model.used.isEmpty()) {
            model.run(new Action.GiveBack(0));
        }
        model.run(new Action.Close());
        assertEquals(0, model.allocated, "all memory comes back");
    }

    @Provide
    Arbitrary<List<Action>> actions() {
        Arbitrary<Action> take = Combinators.combine(
                        Arbitraries.of(Precision.class), Arbitraries.integers().between(1, 60))
                .as(Action.Take::new);
        Arbitrary<Action> giveBack = Arbitraries.integers().between(0, 8).map(Action.GiveBack::new);
        return Arbitraries.frequencyOf(
                        Tuple.of(10, take),
                        Tuple.of(8, giveBack),
                        Tuple.of(1, Arbitraries.just(new Action.Clear())),
                        Tuple.of(1, Arbitraries.just(new Action.Close())))
                .list()
                .ofMaxSize(60);
    }
}
