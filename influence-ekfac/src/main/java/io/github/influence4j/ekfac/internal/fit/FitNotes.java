package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RepeatedEigenvalues;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What whoever reads the scores must know of the layers that were fitted, in the log and the provenance. */
final class FitNotes {

    private static final Logger LOG = LoggerFactory.getLogger(FitNotes.class);

    /** Covariances that the log names: a language model may have a hundred. */
    private static final int NAMED = 3;

    private FitNotes() {}

    static Provenance add(Provenance provenance, Strategy strategy, List<LayerCurvature> fitted) {
        Provenance noted = withDeadLayers(provenance, fitted);
        // what is only divided by, as K-FAC's eigenvalues are, is the same in every basis of a common space
        return strategy.usesEigenbasis() && strategy.measuresEigenvalues()
                ? withRepeatedEigenvalues(noted, fitted)
                : noted;
    }

    /** A dead expert or an untrained adapter is usual. */
    private static Provenance withDeadLayers(Provenance provenance, List<LayerCurvature> fitted) {
        List<String> dead = fitted.stream()
                .filter(LayerCurvature::isDead)
                .map(part -> part.layer().name())
                .toList();
        if (dead.isEmpty()) {
            return provenance;
        }
        LOG.warn(
                "every gradient of the training set is 0, or masked, in {} of {} layers: {}; under relative damping their part"
                        + " of every score is 0",
                dead.size(),
                fitted.size(),
                dead);
        return provenance.withOption("layers without curvature", dead.toString());
    }

    /** Balanced one-hot inputs, for instance. */
    private static Provenance withRepeatedEigenvalues(Provenance provenance, List<LayerCurvature> fitted) {
        List<String> repeated = new ArrayList<>();
        for (LayerCurvature part : fitted) {
            part.basis().ifPresent(basis -> repeated.addAll(repeated(basis, provenance.precision())));
        }
        if (repeated.isEmpty()) {
            return provenance;
        }
        LOG.warn(
                "eigenvalues of {} covariances are equal but for rounding, such as {}; their eigenvectors are one choice of many, so"
                        + " scores differ between backends and precisions by more than rounding (the provenance names all)",
                repeated.size(),
                repeated.subList(0, Math.min(NAMED, repeated.size())));
        return provenance.withOption("repeated eigenvalues", repeated.toString());
    }

    private static List<String> repeated(LayerEigenbasis basis, Precision precision) {
        List<String> found = new ArrayList<>();
        int inputs = RepeatedEigenvalues.count(basis.activationVectors(), basis.activationValues(), precision);
        int outputs = RepeatedEigenvalues.count(basis.gradientVectors(), basis.gradientValues(), precision);
        if (inputs > 0) {
            found.add(basis.layer().name() + ": " + inputs + " of its inputs");
        }
        if (outputs > 0) {
            found.add(basis.layer().name() + ": " + outputs + " of its output gradients");
        }
        return found;
    }
}
