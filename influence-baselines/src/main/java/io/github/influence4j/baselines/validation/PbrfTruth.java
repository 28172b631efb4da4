package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.pbrf.PbrfResponse;
import io.github.influence4j.baselines.pbrf.ProximalBregman;
import java.util.ArrayList;
import java.util.List;

/**
 * How much the queries' measurements really fall when training examples get more weight, by proximal Bregman responses.
 *
 * @param trainIds the examples that were given more weight
 * @param changes −(m_q(θˢ(ε)) − m_q(θˢ))/ε, [queries][those examples]: positive where the example helps, as scores are
 * @param residuals of each response
 * @param converged how many responses reached the tolerance
 */
@SuppressWarnings("ArrayRecordComponent") // tables of results, never compared
public record PbrfTruth(long[] trainIds, double[][] changes, double[] residuals, int converged) {

    private static final String STAGE = "proximal Bregman responses";

    /** Searches that run side by side. */
    private static final int TOGETHER = 20;

    /**
     * Finds the responses.
     *
     * @param <E> the host's type of an example
     * @param bregman the objective of the model
     * @param model the same model
     * @param candidates training examples to give more weight
     * @param queries what is measured
     * @param epsilon the weight; 1/N for one more copy
     * @param progress is told how far the work has come
     * @return the changes
     */
    public static <E> PbrfTruth of(
            ProximalBregman<E> bregman,
            PerturbableModel<E> model,
            ExampleSource<E> candidates,
            ExampleSource<E> queries,
            double epsilon,
            ProgressListener progress) {
        List<ExampleBatch<E>> ones = new ArrayList<>();
        candidates.batches(1).forEach(ones::add);
        double[] before = measure(model, queries);
        double[][] changes = new double[before.length][ones.size()];
        double[] residuals = new double[ones.size()];
        int converged = 0;
        for (int from = 0; from < ones.size(); from += TOGETHER) {
            List<ExampleBatch<E>> part = ones.subList(from, Math.min(ones.size(), from + TOGETHER));
            List<PbrfResponse> responses = bregman.respond(part, epsilon);
            for (int k = 0; k < part.size(); k++) {
                PbrfResponse response = responses.get(k);
                try (PerturbableModel<E> moved = model.at(response.offset())) {
                    double[] after = measure(moved, queries);
                    for (int q = 0; q < after.length; q++) {
                        changes[q][from + k] = (before[q] - after[q]) / epsilon;
                    }
                }
                residuals[from + k] = response.residual();
                converged += response.converged() ? 1 : 0;
            }
            progress.progress(STAGE, from + part.size(), ones.size());
        }
        long[] ids = ones.stream().mapToLong(batch -> batch.ids()[0]).toArray();
        return new PbrfTruth(ids, changes, residuals, converged);
    }

    private static <E> double[] measure(PerturbableModel<E> model, ExampleSource<E> queries) {
        int size = Math.toIntExact(queries.size());
        return model.objectives(queries.batches(size).iterator().next(), new Objective.Measurement());
    }
}
