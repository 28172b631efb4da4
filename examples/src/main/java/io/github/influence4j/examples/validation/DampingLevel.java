package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Damping;
import java.util.List;
import java.util.Locale;

/**
 * A damping of the study.
 *
 * @param damping one λ for all layers, or a multiple of each layer's mean eigenvalue by EK-FAC
 */
record DampingLevel(Damping damping) {

    /** The λ at which solvers are tuned and compared in detail. */
    static final DampingLevel DETAIL = new DampingLevel(Damping.absolute(0.01));

    /** The λ at which the exact matrix agrees best with retrained models on the regression sets; on digits that is 0.01. */
    static final DampingLevel RETRAINING = new DampingLevel(Damping.absolute(0.1));

    static final List<DampingLevel> ALL =
            List.of(new DampingLevel(Damping.relative(0.1)), DETAIL, RETRAINING, new DampingLevel(Damping.absolute(1)));

    String kind() {
        return damping.kind().name().toLowerCase(Locale.ROOT);
    }

    double value() {
        return damping.value();
    }

    boolean relative() {
        return damping.kind() == Damping.Kind.RELATIVE;
    }

    String inWords() {
        return relative() ? value() + " × mean eigenvalue" : "λ = " + value();
    }
}
