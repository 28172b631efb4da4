package io.github.influence4j.examples.validation;

import java.util.List;

/**
 * What the study found.
 *
 * @param options how much was run
 * @param backend what computed
 * @param beds one entry for each data set
 * @param claims what is said of the estimators and whether this run bears it out
 * @param seconds wall time
 */
public record ValidationResult(
        ValidationOptions options, String backend, List<BedResult> beds, List<Claim> claims, double seconds) {}
