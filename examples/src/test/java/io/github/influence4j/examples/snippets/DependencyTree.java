package io.github.influence4j.examples.snippets;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The dependencies of one artifact as Maven prints them, with the sizes of the jars; without natives.
 *
 * @param artifact the artifact
 * @param jars number of jars of others
 * @param bytes their size in all
 * @param lines the tree without what hangs below this library's own artifacts
 */
record DependencyTree(String artifact, int jars, long bytes, List<String> lines) {

    /** Where a jar is in a repository. */
    record Coordinates(String group, String artifact, String version) {}

    private static final String OWN = "io.github.influence4j";
    /** Three characters a level, then group:artifact:jar, a classifier or not, the version and, but for the root, the scope. */
    private static final Pattern NODE = Pattern.compile(
            "((?:[| ] {2}|[+\\\\]- )*)([^: ]+):([^: ]+):jar(:[^: ]+)??:([^: ]+)(?::(?:compile|runtime).*)?");

    /** Parses what {@code dependency:tree} prints. */
    static DependencyTree parse(List<String> tree, ToLongFunction<Coordinates> size) {
        String root = "";
        int jars = 0;
        long bytes = 0;
        int below = Integer.MAX_VALUE; // depth of the own artifact that is being skipped
        List<String> lines = new ArrayList<>();
        for (String line : tree) {
            Matcher node = NODE.matcher(line);
            if (!node.matches()) {
                throw new IllegalArgumentException("not a line of a tree of jars: " + line);
            }
            Coordinates jar = new Coordinates(node.group(2), node.group(3), node.group(5));
            int depth = node.group(1).length();
            if (depth == 0) {
                root = jar.artifact();
                continue;
            }
            if (node.group(4) != null) {
                continue; // natives of one platform
            }
            boolean own = jar.group().equals(OWN);
            String label = jar.artifact();
            if (!own) {
                long length = size.applyAsLong(jar);
                jars++;
                bytes += length;
                label += " " + jar.version() + ", " + megabytes(length);
            }
            if (depth <= below) {
                below = own ? depth : Integer.MAX_VALUE;
                lines.add(node.group(1) + label);
            }
        }
        return new DependencyTree(root, jars, bytes, lines);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f", bytes / 1e6);
    }

    /** The artifact's row of the table. */
    String row() {
        return String.format(Locale.ROOT, "| `%s` | %d | %.1f |", artifact, jars, bytes / 1e6);
    }

    /** The artifact's part of the page. */
    String section() {
        return "```\n" + artifact + "\n" + String.join("\n", lines) + "\n```\n";
    }
}
