package io.github.influence4j.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What is made once in a JVM and lent to tasks. When something of another key is asked for, what lies idle is closed first. Safe for
 * use by several threads.
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
            synchronized (Loans.this) {
                held.users--;
            }
        }
    }

    private final List<Held> all = new ArrayList<>();

    /** Lends what has this key: to several at the same time, or one to each. */
    synchronized Loan borrow(String key, boolean shared, Opener<T> opener) throws IOException {
        for (Held held : all) {
            if (held.key.equals(key) && (shared || held.users == 0)) {
                return new Loan(held);
            }
        }
        for (Held idle : all.stream()
                .filter(held -> held.users == 0 && !held.key.equals(key))
                .toList()) {
            all.remove(idle);
            close(idle.thing);
        }
        Held made = new Held(key, opener.open());
        all.add(made);
        return new Loan(made);
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
