package io.github.influence4j.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What is made once in a JVM and lent to tasks. Before something is made, what lies idle is closed, of this kind where it has another
 * key, and of all other kinds but models: it may be as large as all that a task may take. Safe for use by several threads.
 */
final class Loans<T> {

    /** Makes what is lent. */
    interface Opener<T> {
        T open() throws IOException;
    }

    private final class Held {
        private final String key;
        private final T thing;
        private int users;

        Held(String key, T thing) {
            this.key = key;
            this.thing = thing;
        }
    }

    /** Something that a task has until it is closed. */
    final class Loan implements AutoCloseable {
        private final Held held;

        private Loan(Held held) {
            this.held = held;
            held.users++;
        }

        T thing() {
            return held.thing;
        }

        @Override
        public void close() {
            synchronized (ALL) {
                held.users--;
            }
        }
    }

    /** Those of this JVM; the lock of all. */
    private static final List<Loans<?>> ALL = new ArrayList<>();

    private final boolean stays;
    private final List<Held> all = new ArrayList<>();

    private Loans(boolean stays) {
        this.stays = stays;
    }

    /**
     * Begins to lend.
     *
     * @param stays whether what lies idle stays until another of its kind takes its place, or is closed for anything else too
     */
    static <T> Loans<T> of(boolean stays) {
        Loans<T> made = new Loans<>(stays);
        synchronized (ALL) {
            ALL.add(made);
        }
        return made;
    }

    /** Lends what has this key: to several at the same time, or one to each. */
    Loan borrow(String key, boolean shared, Opener<T> opener) throws IOException {
        synchronized (ALL) {
            for (Held held : all) {
                if (held.key.equals(key) && (shared || held.users == 0)) {
                    return new Loan(held);
                }
            }
            for (Loans<?> kind : ALL) {
                if (kind == this) {
                    closeIdle(key);
                } else if (!kind.stays) {
                    kind.closeIdle();
                }
            }
            Held made = new Held(key, opener.open());
            all.add(made);
            return new Loan(made);
        }
    }

    /** Closes what nobody has. */
    void closeIdle() throws IOException {
        closeIdle("");
    }

    private void closeIdle(String but) throws IOException {
        synchronized (ALL) {
            List<Held> idle = all.stream()
                    .filter(held -> held.users == 0 && !held.key.equals(but))
                    .toList();
            all.removeAll(idle);
            for (Held held : idle) {
                close(held.thing);
            }
        }
    }

    private void close(T thing) throws IOException {
        if (thing instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }
}
