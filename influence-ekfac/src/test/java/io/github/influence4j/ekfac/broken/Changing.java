package io.github.influence4j.ekfac.broken;

import java.util.function.Supplier;

/** Answers truly until the fit is over, and otherwise afterwards. */
final class Changing<T> implements Supplier<T> {

    private final T before;
    private final T after;
    private static final ThreadLocal<Boolean> FITTED = ThreadLocal.withInitial(() -> false);

    Changing(T before, T after) {
        this.before = before;
        this.after = after;
    }

    static void fitted(boolean value) {
        FITTED.set(value);
    }

    @Override
    public T get() {
        return FITTED.get() ? after : before;
    }
}
