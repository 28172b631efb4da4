package io.github.influence4j.testkit;

import io.github.influence4j.api.Objective;

/** What docs/contract.md shows: every objective of softmax cross-entropy by hand. */
final class LossByHand {

    private LossByHand() {}

    static double[] outputGradient(double[] p, int label, Objective objective, long id) {
        double[] g = p.clone();
        if (objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement) {
            g[label] -= 1; // the gradient of -log p[label]
        } else if (objective instanceof Objective.SampledLabels labels) {
            g[labels.category(id, 0, p)] -= 1; // the same with a label that is drawn from p
        } else if (objective instanceof Objective.OutputHessianRoot root) {
            int k = root.column(); // of a root of the Hessian diag(p) - ppᵀ
            for (int c = 0; c < g.length; c++) {
                g[c] = Math.sqrt(p[k]) * ((c == k ? 1 : 0) - p[c]);
            }
        } else {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
        return g;
    }
}
