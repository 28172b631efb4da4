package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What whoever reads the scores must know of the layers that were fitted, in the log and the provenance. */
public final class FitNotes {

    private static final Logger LOG = LoggerFactory.getLogger(FitNotes.class);

    /** Covariances that the log names: a language model may have a hundred. */
    private static final int NAMED = 3;

    private FitNotes() {}

    /**
     * Describes a fit.
     *
     * @param backend computed it
     * @param options what was fitted
     * @param fingerprint of the model
     * @param labels whose gradients were taken
     * @param examples N
     * @return the provenance
     */
    public static Provenance provenance(
            MatrixBackend backend, FitOptions options, Optional<String> fingerprint, String labels, long examples) {
        Provenance provenance = Provenance.here(backend.description(), backend.precision(), fingerprint)
                .withOption("strategy", options.strategy().toString())
                .withOption("labels", labels)
                .withOption("batch size", Integer.toString(options.batchSize()))
                .withOption("batch positions", Integer.toString(options.batchPositions()))
                .withOption("blocks", Integer.toString(options.blocks()))
                .withOption("K-FAC scale", options.kfacScale().toString())
                .withCount("examples", examples);
        return options.float64Covariances() ? provenance.withOption("covariances", "float64") : provenance;
    }

    /**
     * Adds what was found.
     *
     * @param provenance of the fit
     * @param fitted the layers
     * @param eigenspaces what became of covariances with equal eigenvalues
     * @return the provenance with it
     */
    public static Provenance add(
            Provenance provenance, List<LayerCurvature> fitted, List<EigenspaceChoice.Note> eigenspaces) {
        return withEigenspaces(withDeadLayers(provenance, fitted), eigenspaces);
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
    private static Provenance withEigenspaces(Provenance provenance, List<EigenspaceChoice.Note> eigenspaces) {
        List<String> decided = covariances(eigenspaces, true);
        List<String> open = covariances(eigenspaces, false);
        Provenance noted = provenance;
        if (!decided.isEmpty()) {
            LOG.info(
                    "eigenvalues of {} covariances are equal but for rounding, such as {}; the second moments of gradients chose"
                            + " their eigenvectors, in one more pass",
                    decided.size(),
                    decided.subList(0, Math.min(NAMED, decided.size())));
            noted = noted.withOption("repeated eigenvalues", decided.toString());
        }
        if (!open.isEmpty()) {
            LOG.warn(
                    "eigenvalues of {} covariances are equal but for rounding, such as {}, and gradients do not tell their"
                            + " eigenvectors apart, or there is no room to let them; scores differ between backends and precisions"
                            + " by more than rounding (the provenance names all)",
                    open.size(),
                    open.subList(0, Math.min(NAMED, open.size())));
            noted = noted.withOption("undecided eigenvectors", open.toString());
        }
        return noted;
    }

    private static List<String> covariances(List<EigenspaceChoice.Note> notes, boolean decided) {
        return notes.stream()
                .filter(note -> note.decided() == decided)
                .map(EigenspaceChoice.Note::covariance)
                .toList();
    }
}
