package io.github.influence4j.ekfac.broken;

import static io.github.influence4j.ekfac.broken.Lie.refused;
import static io.github.influence4j.ekfac.broken.Lie.thrown;
import static io.github.influence4j.ekfac.broken.ScriptedHost.examples;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.ekfac.broken.Lie.Attempt;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/** The ways in which a data set can lie. */
final class LyingSources {

    private LyingSources() {}

    private record Source(LongSupplier count, IntFunction<Iterable<ExampleBatch<Integer>>> passes)
            implements ExampleSource<Integer> {
        @Override
        public long size() {
            return count.getAsLong();
        }

        @Override
        public Iterable<ExampleBatch<Integer>> batches(int batchSize) {
            return passes.apply(batchSize);
        }
    }

    private static Source announcing(long size) {
        return new Source(() -> size, examples(10, 0)::batches);
    }

    private static Source giving(IntFunction<Iterable<ExampleBatch<Integer>>> passes) {
        return new Source(() -> 10, passes);
    }

    private static ExampleBatch<Integer> batch(long... ids) {
        return new ExampleBatch<>(IntStream.range(0, ids.length).boxed().toList(), ids);
    }

    static List<Lie> all() {
        AtomicInteger asked = new AtomicInteger();
        return List.of(
                refused(
                        "announces fewer examples than it gives",
                        "announced 5 examples and gave at least",
                        () -> Attempt.fittedOn(announcing(5))),
                refused(
                        "announces more examples than it gives",
                        "announced 50 examples and gave 10",
                        () -> Attempt.fittedOn(announcing(50))),
                refused("announces none and gives some", "is empty", () -> Attempt.fittedOn(announcing(0))),
                refused("announces a negative number", "announced -3 examples", () -> Attempt.fittedOn(announcing(-3))),
                refused("claims 2^40 training examples", "1099511627776", () -> Attempt.scoring(announcing(1L << 40))),
                refused(
                        "claims 2^31 - 1 training examples",
                        "2147483647",
                        () -> Attempt.scoring(announcing(Integer.MAX_VALUE))),
                refused(
                        "announces another number at every second question",
                        "announced",
                        () -> Attempt.fittedOn(
                                new Source(() -> asked.getAndIncrement() % 2 == 0 ? 10 : 9, examples(10, 0)::batches))),
                refused(
                        "gives fewer examples in its second pass",
                        "announced 10 examples and gave 8",
                        () -> Attempt.fittedOn(giving(changing(examples(10, 0), examples(8, 0))))),
                refused(
                        "gives other examples in its second pass",
                        "other examples than before",
                        () -> Attempt.fittedOn(giving(changing(examples(10, 0), examples(10, 50))))),
                refused(
                        "gives larger batches than it was asked for",
                        "at most 4 examples and gave one of 10",
                        () -> Attempt.fittedOn(giving(size -> examples(10, 0).batches(10)))),
                refused(
                        "gives an id to two examples of the fit",
                        "gave id 1 to two examples",
                        () -> Attempt.fittedOn(
                                giving(size -> List.of(batch(1, 2, 3, 1), batch(4, 5, 6, 7), batch(8, 9))))),
                refused(
                        "gives an id to two training examples of different batches",
                        "gave id 2 to two examples",
                        () -> Attempt.scoring(
                                giving(size -> List.of(batch(0, 1, 2, 3), batch(4, 5, 6, 7), batch(8, 2))))),
                refused(
                        "gives an id to two queries",
                        "gave id 8 to two examples",
                        () -> Attempt.asking(new Source(() -> 3, size -> List.of(batch(8, 9, 8))))),
                thrown(
                        "throws in its iterator",
                        () -> Attempt.fittedOn(giving(size -> () -> new Endless() {
                            @Override
                            public ExampleBatch<Integer> next() {
                                if (given > 0) {
                                    throw new IllegalStateException("trouble of the host");
                                }
                                return super.next();
                            }
                        }))),
                refused(
                        "never ends",
                        "announced 10 examples and gave at least 11",
                        () -> Attempt.fittedOn(giving(size -> Endless::new))),
                refused(
                        "gives null in place of batches",
                        "null in place of batches",
                        () -> Attempt.fittedOn(giving(size -> nothing()))),
                refused(
                        "gives a batch that is null",
                        "a batch that is null",
                        () -> Attempt.fittedOn(
                                giving(size -> Arrays.asList(LyingSources.<ExampleBatch<Integer>>nothing())))),
                refused(
                        "holds an example that is null",
                        "the example with id 3 is null",
                        () -> Attempt.fittedOn(ExampleSource.of(Arrays.asList(1, 2, 3, nothing(), 5)))),
                refused(
                        "gives a batch without examples",
                        "a batch needs at least one example",
                        () -> Attempt.fittedOn(giving(size -> List.of(batch())))));
    }

    private static IntFunction<Iterable<ExampleBatch<Integer>>> changing(
            ExampleSource<Integer> first, ExampleSource<Integer> then) {
        AtomicInteger passes = new AtomicInteger();
        return size -> (passes.getAndIncrement() == 0 ? first : then).batches(size);
    }

    private static class Endless implements Iterator<ExampleBatch<Integer>> {
        int given;

        @Override
        public boolean hasNext() {
            return true;
        }

        @Override
        public ExampleBatch<Integer> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return batch(given++);
        }
    }

    @SuppressWarnings("NullAway") // the lie
    private static <T> T nothing() {
        return null;
    }
}
