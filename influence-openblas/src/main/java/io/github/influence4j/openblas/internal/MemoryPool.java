package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * The memory of closed matrices, kept for the next ones. Fresh memory faults once a page, and some sources fill it with zeros:
 * in a profile of full-rank scoring a third of the time went there. Safe for use by several threads.
 */
public final class MemoryPool {

    /** Most bytes that are kept: the intermediate matrices of a stage on layers of a few thousand units. */
    public static final long LIMIT = 1L << 30;

    private final long limit;
    private final Block.Source source;
    private final Map<Precision, NavigableMap<Long, Deque<Block>>> free = new EnumMap<>(Precision.class);
    /** All free blocks, the one that was given back first at the start. */
    private final Set<Block> byAge = new LinkedHashSet<>();

    private long kept;
    private boolean closed;

    /**
     * Makes an empty pool.
     *
     * @param limit most bytes that are kept; with 0 memory is freed at once
     * @param source where memory comes from
     */
    public MemoryPool(long limit, Block.Source source) {
        this.limit = limit;
        this.source = source;
        for (Precision precision : Precision.values()) {
            free.put(precision, new TreeMap<>());
        }
    }

    /** Returns memory of undefined content for at least so many elements, at most a quarter more. */
    Block take(Precision precision, long elements) {
        synchronized (this) {
            Map.Entry<Long, Deque<Block>> fitting = free(precision).ceilingEntry(elements);
            if (fitting != null && fitting.getKey() <= elements + elements / 4) {
                Block block = fitting.getValue().getLast();
                remove(block);
                return block;
            }
        }
        try {
            return source.allocate(precision, elements);
        } catch (OutOfMemoryError e) {
            clear();
            return source.allocate(precision, elements);
        }
    }

    /** Takes memory back that nobody uses any more; the longest unused is freed where it would be too much. */
    synchronized void giveBack(Block block) {
        if (closed || block.bytes() > limit) {
            block.free();
            return;
        }
        free(block.precision())
                .computeIfAbsent(block.elements(), length -> new ArrayDeque<>())
                .addLast(block);
        byAge.add(block);
        kept += block.bytes();
        Iterator<Block> eldest = byAge.iterator();
        while (kept > limit) {
            Block old = eldest.next();
            eldest.remove();
            forget(old);
            old.free();
        }
    }

    private NavigableMap<Long, Deque<Block>> free(Precision precision) {
        return Objects.requireNonNull(free.get(precision));
    }

    private void remove(Block block) {
        byAge.remove(block);
        forget(block);
    }

    private void forget(Block block) {
        NavigableMap<Long, Deque<Block>> lengths = free(block.precision());
        Deque<Block> same = Objects.requireNonNull(lengths.get(block.elements()));
        same.remove(block);
        if (same.isEmpty()) {
            lengths.remove(block.elements());
        }
        kept -= block.bytes();
    }

    /** Returns most bytes that are kept. */
    long limit() {
        return limit;
    }

    /** Returns the bytes that are kept for matrices to come. */
    synchronized long keptBytes() {
        return kept;
    }

    /** Frees what is kept. */
    synchronized void clear() {
        byAge.forEach(Block::free);
        byAge.clear();
        free.values().forEach(Map::clear);
        kept = 0;
    }

    /** Frees what is kept, and from now on what is given back, at once. */
    synchronized void close() {
        closed = true;
        clear();
    }
}
