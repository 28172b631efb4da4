package io.github.influence4j.examples.language;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One claim of the paper, what was measured for it, and whether the threshold is met.
 *
 * @param claim number of the claim
 * @param statement the claim in a sentence
 * @param measured numbers by name, those of single queries among them
 * @param threshold what was asked for
 * @param holds whether it was met
 */
public record Claim(int claim, String statement, Map<String, Object> measured, String threshold, boolean holds) {

    /** Copies the map, keeping its order. */
    public Claim {
        measured = Collections.unmodifiableMap(new LinkedHashMap<>(measured));
    }
}
