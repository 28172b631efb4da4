package io.github.influence4j.ekfac.broken;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import java.util.function.Supplier;

/**
 * One way to break a contract, and what becomes of it.
 *
 * @param name what the host or the data set does, as docs/results/broken-hosts.md has it
 * @param outcome what must happen
 * @param words part of the sentence with which it is refused; empty where nothing is refused
 * @param attempt makes the host and its data
 */
record Lie(String name, Outcome outcome, String words, Supplier<Attempt> attempt) {

    enum Outcome {
        /** Scores are those of an honest host. */
        RIGHT("right"),
        /** The pass ends with a sentence of the library. */
        REFUSED("refused"),
        /** The host's own exception comes through. */
        THROWN("the host's exception");

        private final String inWords;

        Outcome(String inWords) {
            this.inWords = inWords;
        }

        String inWords() {
            return inWords;
        }
    }

    /** A model, what it is fitted on, and what is scored. */
    record Attempt(
            GradientProvider<Integer> model,
            ExampleSource<Integer> fit,
            ExampleSource<Integer> queries,
            ExampleSource<Integer> train) {

        static Attempt of(GradientProvider<Integer> model) {
            return new Attempt(
                    model, ScriptedHost.examples(10, 0), ScriptedHost.examples(3, 100), ScriptedHost.examples(10, 0));
        }

        static Attempt fittedOn(ExampleSource<Integer> fit) {
            return new Attempt(ScriptedHost.honest(), fit, ScriptedHost.examples(3, 100), ScriptedHost.examples(10, 0));
        }

        static Attempt scoring(ExampleSource<Integer> train) {
            return new Attempt(
                    ScriptedHost.honest(), ScriptedHost.examples(10, 0), ScriptedHost.examples(3, 100), train);
        }

        static Attempt asking(ExampleSource<Integer> queries) {
            return new Attempt(
                    ScriptedHost.honest(), ScriptedHost.examples(10, 0), queries, ScriptedHost.examples(10, 0));
        }
    }

    static Lie right(String name, Supplier<Attempt> attempt) {
        return new Lie(name, Outcome.RIGHT, "", attempt);
    }

    static Lie refused(String name, String words, Supplier<Attempt> attempt) {
        return new Lie(name, Outcome.REFUSED, words, attempt);
    }

    static Lie thrown(String name, Supplier<Attempt> attempt) {
        return new Lie(name, Outcome.THROWN, "of the host", attempt);
    }

    @Override
    public String toString() {
        return name;
    }
}
