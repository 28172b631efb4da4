package io.github.influence4j.store.captures;

import java.util.ArrayDeque;
import java.util.Deque;

/** Keeps the handles of the shards used last, and has the others give theirs back. */
final class OpenShards {

    private static final int MOST = 32;

    private final Deque<CaptureShard> used = new ArrayDeque<>();

    synchronized void use(CaptureShard shard) {
        used.remove(shard);
        used.addLast(shard);
        if (used.size() > MOST) {
            used.removeFirst().file().release();
        }
    }
}
