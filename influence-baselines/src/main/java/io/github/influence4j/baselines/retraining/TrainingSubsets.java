package io.github.influence4j.baselines.retraining;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Parts of a training set that models are trained on.
 *
 * @param members ids of each part, ascending; not to be changed
 */
public record TrainingSubsets(List<long[]> members) {

    /**
     * Copies and sorts the ids.
     *
     * @throws IllegalArgumentException if there is no part, or one is empty or names an id twice
     */
    public TrainingSubsets {
        members = members.stream()
                .map(ids -> LongStream.of(ids).sorted().toArray())
                .toList();
        if (members.isEmpty()) {
            throw new IllegalArgumentException("no subsets to train on");
        }
        for (int s = 0; s < members.size(); s++) {
            long[] ids = members.get(s);
            if (ids.length == 0 || LongStream.of(ids).distinct().count() != ids.length) {
                throw new IllegalArgumentException("subset " + s + " is empty or names an example twice");
            }
        }
    }

    /**
     * Draws parts of equal size.
     *
     * @param trainIds ids of the whole training set
     * @param count number of parts
     * @param fraction β, share of the training set in each, above 0 and at most 1
     * @param seed determines the draw; {@link Random}, whose algorithm is part of its specification
     * @return the parts
     * @throws IllegalArgumentException if a number is out of its range or a part would be empty
     */
    public static TrainingSubsets random(long[] trainIds, int count, double fraction, long seed) {
        if (count < 1 || !(fraction > 0 && fraction <= 1)) {
            throw new IllegalArgumentException(
                    "subsets must be positive in number and a share in (0, 1], found " + count + " and " + fraction);
        }
        int size = Math.toIntExact(Math.round(fraction * trainIds.length));
        Random random = new Random(seed);
        List<Long> order = LongStream.of(trainIds).boxed().collect(Collectors.toCollection(ArrayList::new));
        List<long[]> members = new ArrayList<>();
        for (int s = 0; s < count; s++) {
            Collections.shuffle(order, random);
            members.add(
                    order.subList(0, size).stream().mapToLong(Long::longValue).toArray());
        }
        return new TrainingSubsets(members);
    }

    /**
     * Leaves groups of examples out, one group at a time.
     *
     * @param trainIds ids of the whole training set
     * @param groups what to leave out each time; an empty group gives the whole training set
     * @return one part for each group
     * @throws IllegalArgumentException if nothing would remain
     */
    public static TrainingSubsets leavingOut(long[] trainIds, List<Set<Long>> groups) {
        return new TrainingSubsets(groups.stream()
                .map(group -> LongStream.of(trainIds)
                        .filter(id -> !group.contains(id))
                        .toArray())
                .toList());
    }

    /**
     * Says whether an example is in a part.
     *
     * @param subset number of the part
     * @param id of the example
     * @return whether it is trained on
     */
    public boolean contains(int subset, long id) {
        return Arrays.binarySearch(members.get(subset), id) >= 0;
    }
}
