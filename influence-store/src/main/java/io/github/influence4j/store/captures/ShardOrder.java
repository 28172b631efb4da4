package io.github.influence4j.store.captures;

import io.github.influence4j.safetensors.MalformedFileException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The order of shards whose examples are numbered through all of them: by the characters of their names, which puts 10 before 2. Whoever
 * wrote 0 to 11 means another order, so that such names are refused.
 */
final class ShardOrder {

    private static final Pattern DIGITS = Pattern.compile("[0-9]+");

    private ShardOrder() {}

    /** Refuses files, in the order of their names, whose numbers are in another one. */
    static void requireAsRead(Path folder, List<Path> files) {
        for (int k = 1; k < files.size(); k++) {
            String before = String.valueOf(files.get(k - 1).getFileName());
            String name = String.valueOf(files.get(k).getFileName());
            if (readsBefore(name, before)) {
                throw new MalformedFileException(
                        folder,
                        "has no ids, so examples are numbered in the order of the files' names, in which "
                                + MalformedFileException.quote(before) + " comes before "
                                + MalformedFileException.quote(name)
                                + "; write ids, or numbers of equal length, such as 000002");
            }
        }
    }

    /** Whether the first numbers in which two names differ are the other way round; what is around them must be equal. */
    private static boolean readsBefore(String name, String other) {
        Matcher one = DIGITS.matcher(name);
        Matcher two = DIGITS.matcher(other);
        int endOne = 0;
        int endTwo = 0;
        while (one.find() && two.find()) {
            if (!name.substring(endOne, one.start()).equals(other.substring(endTwo, two.start()))) {
                return false;
            }
            int order = new BigInteger(one.group()).compareTo(new BigInteger(two.group()));
            if (order != 0) {
                return order < 0;
            }
            endOne = one.end();
            endTwo = two.end();
        }
        return false;
    }
}
