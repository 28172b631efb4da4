package io.github.influence4j.examples.quickstart;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * How many of the wanted examples are found when a ranking is inspected from the top.
 *
 * @param name what the ranking is by
 * @param found number found among the first k, for k from 0 to the size of the ranking
 * @param wanted number there is to find, at least 1
 */
public record RecallCurve(String name, List<Integer> found, int wanted) {

    /** Copies the numbers. */
    public RecallCurve {
        found = List.copyOf(found);
    }

    /**
     * Goes through a ranking.
     *
     * @param name what the ranking is by
     * @param ranking ids of all examples, the most suspicious first
     * @param wanted ids of what is to be found
     * @return the curve
     * @throws IllegalArgumentException if there is nothing to find or not all of it is in the ranking
     */
    public static RecallCurve of(String name, Collection<Long> ranking, Set<Long> wanted) {
        List<Integer> found = new ArrayList<>(ranking.size() + 1);
        int count = 0;
        found.add(count);
        for (Long id : ranking) {
            if (wanted.contains(id)) {
                count++;
            }
            found.add(count);
        }
        if (wanted.isEmpty() || count != wanted.size()) {
            throw new IllegalArgumentException(
                    "ranking by " + name + " holds " + count + " of the " + wanted.size() + " examples to be found");
        }
        return new RecallCurve(name, found, wanted.size());
    }

    /**
     * Returns the size of the ranking.
     *
     * @return number of examples
     */
    public int size() {
        return found.size() - 1;
    }

    /**
     * Computes what is found when a part of the ranking is inspected.
     *
     * @param part share of the ranking, from 0 to 1; the number of examples is rounded to the nearest integer
     * @return share of the wanted examples
     */
    public double shareAt(double part) {
        return found.get(Math.toIntExact(Math.round(part * size()))) / (double) wanted;
    }
}
