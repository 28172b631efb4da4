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
 *
 * <p>What is kept hardly adds to what a process takes: with the memory in use it is at most {@link #ABOVE_USE} more than what was in
 * use at some time, which is what a plan counts.
 */
public final class MemoryPool {

    /** Most bytes that are kept: the intermediate matrices of a stage on layers of a few thousand units. */
    public static final long LIMIT = 1L << 30;

    /** Most bytes by which memory in use and kept is more than the most that was in use: buffers of a batch whose sizes change. */
    public static final long ABOVE_USE = 1L << 28;

    private final long limit;
    private final long aboveUse;
    private final Block.Source source;
    private final Map<Precision, NavigableMap<Long, Deque<Block>>> free = new EnumMap<>(Precision.class);
    /** All free blocks, the one that was given back first at the start. */
    private final Set<Block> byAge = new LinkedHashSet<>();

    private long kept;
    private long used;
    private long mostUsed;
    private boolean closed;

    /**
     * Makes an empty pool.
     *
     * @param limit most bytes that are kept; with 0 memory is freed at once
     * @param aboveUse most bytes by which memory in use and kept may be more than the most that was in use
     * @param source where memory comes from
     */
    public MemoryPool(long limit, long aboveUse, Block.Source source) {
        this.limit = limit;
        this.aboveUse = aboveUse;
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
                lent(block);
                return block;
            }
            makeRoom(elements * precision.bytes());
        }
        Block fresh;
        try {
            fresh = source.allocate(precision, elements);
        } catch (OutOfMemoryError e) {
            clear();
            fresh = source.allocate(precision, elements);
        }
        lent(fresh);
        return fresh;
    }

    private synchronized void lent(Block block) {
        used += block.bytes();
        mostUsed = Math.max(mostUsed, used);
    }

    /** Frees what has been kept longest where fresh memory beside it would be too much. */
    private void makeRoom(long bytes) {
        keepAtMost(Math.max(mostUsed, used + bytes) + aboveUse - used - bytes);
    }

    /** Takes memory back that nobody uses any more; the longest unused is freed where it would be too much. */
    synchronized void giveBack(Block block) {
        used -= block.bytes();
        if (closed || block.bytes() > limit) {
            block.free();
            return;
        }
        free(block.precision())
                .computeIfAbsent(block.elements(), length -> new ArrayDeque<>())
                .addLast(block);
        byAge.add(block);
        kept += block.bytes();
        keepAtMost(limit);
    }

    private void keepAtMost(long most) {
        Iterator<Block> eldest = byAge.iterator();
        while (kept > most) {
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

    /** Returns the bytes by which what is kept may add to the most that is in use. */
    long aboveUse() {
        return Math.min(limit, aboveUse);
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
