package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.GradientProvider;
import java.util.Optional;

/** What a host says its weights are. */
public final class ModelFingerprint {

    private ModelFingerprint() {}

    /**
     * Asks a model for its fingerprint. To be done before long work, which a host that fails here would make useless.
     *
     * @param model the model
     * @return the fingerprint, or empty where the host has none
     * @throws IllegalArgumentException if the host gives null
     */
    public static Optional<String> of(GradientProvider<?> model) {
        Optional<String> fingerprint = model.fingerprint();
        if (fingerprint == null) {
            throw new IllegalArgumentException("fingerprint() gave null: a model without one gives Optional.empty()");
        }
        return fingerprint;
    }

    /**
     * Refuses a model whose weights are not those of the fit.
     *
     * @param fitted the fingerprint at the fit
     * @param model the model that is to be scored
     * @throws IllegalArgumentException if both have a fingerprint and these differ
     */
    public static void requireSame(Optional<String> fitted, GradientProvider<?> model) {
        Optional<String> now = of(model);
        if (fitted.isPresent() && now.isPresent() && !fitted.equals(now)) {
            throw new IllegalArgumentException("the curvature was fitted to the model " + fitted.get()
                    + ", the model to score is " + now.get() + ": fit again, or go back to the weights of the fit");
        }
    }
}
