package io.github.influence4j.ekfac.token;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import java.util.Optional;

/**
 * The influence of the predicted tokens, or of the input tokens, of training sequences on one query (Grosse et al. 2023,
 * appendix B.1, equations 34 to 38).
 *
 * <p>With v = (G+λI)⁻¹q for the query's gradient q, the influence of a sequence is vᵀ∇L = d/dα L(θ+αv) at α = 0, and L is a
 * sum over the predicted tokens: the influence of output token t is d/dα L_t(θ+αv), and those of a sequence add up to its
 * score but for the error of the difference. The influence of input token t is d/dα ⟨∂L(θ+αv)/∂e_t, e_t⟩, how the score
 * would change with the length of the token's embedding e_t; they do not add up to anything. Signs are those of scores:
 * positive is helpful.
 *
 * <p>This differs from scores per position of a capture, which say at which token's <em>computation</em> the gradients meet.
 *
 * <p>Derivatives are central differences over two models at θ ± αv, where α makes ‖αv‖ a given step: two forward passes a
 * sequence for output tokens, two forward and backward passes for input tokens. The error is about step² times third
 * derivatives plus roundoff / step, and more where a unit of a ReLU changes sides within the step. Unless a step is given, the
 * two models are in float64 ({@link PerturbableModel#inFloat64}), where a short step suffices and the sum of a sequence's output
 * tokens is its score to the precision of the score; where a model has no float64 the step is longer, and the sum is to be
 * compared with the score. Memory is for three models. Not safe for use by several threads at once; {@link #close} closes the
 * models, but not the one they were made from.
 *
 * @param <E> the host's type of an example
 */
public final class TokenInfluence<E> implements AutoCloseable {

    /** Length of the step in the weights in float64. */
    public static final double FLOAT64_STEP = 1e-5;

    /** Length of the step in the weights of a model that has no float64. */
    public static final double FLOAT32_STEP = 1e-3;

    /** Concentration above which the paper takes an influence for spurious. */
    public static final double SPURIOUS = 2.0 / 3;

    private final Optional<? extends PerturbableModel<E>> exact;
    private final PerturbableModel<E> above;
    private final PerturbableModel<E> below;
    private final double perUnit;

    private TokenInfluence(
            Optional<? extends PerturbableModel<E>> exact,
            PerturbableModel<E> above,
            PerturbableModel<E> below,
            double perUnit) {
        this.exact = exact;
        this.above = above;
        this.below = below;
        this.perUnit = perUnit;
    }

    /**
     * Prepares for a query.
     *
     * @param <E> the host's type of an example
     * @param model the model; not changed
     * @param solver applies (G+λI)⁻¹
     * @param query gradient of the query's measurement
     * @return the influences, which the caller closes
     * @throws IllegalArgumentException if the gradient is of other layers, or zero
     */
    public static <E> TokenInfluence<E> of(PerturbableModel<E> model, IhvpSolver solver, LayerGradients query) {
        return along(model, solver.solve(query));
    }

    /**
     * Prepares for a query that is preconditioned already, with a model in float64 if there is one.
     *
     * @param <E> the host's type of an example
     * @param model the model; not changed
     * @param direction v = (G+λI)⁻¹q
     * @return the influences, which the caller closes
     * @throws IllegalArgumentException if the direction is of other layers, or zero
     * @throws NumericalException if the direction is not finite
     */
    public static <E> TokenInfluence<E> along(PerturbableModel<E> model, LayerGradients direction) {
        Optional<? extends PerturbableModel<E>> exact = model.inFloat64();
        if (exact.isEmpty()) {
            return along(model, direction, FLOAT32_STEP);
        }
        try {
            return along(exact, exact.get(), direction, FLOAT64_STEP);
        } catch (RuntimeException | Error e) {
            exact.get().close();
            throw e;
        }
    }

    /**
     * Prepares for a query that is preconditioned already, in the model's own precision.
     *
     * @param <E> the host's type of an example
     * @param model the model; not changed
     * @param direction v = (G+λI)⁻¹q
     * @param step ‖αv‖, positive
     * @return the influences, which the caller closes
     * @throws IllegalArgumentException if the direction is of other layers, or zero, or the step is not positive
     * @throws NumericalException if the direction is not finite
     */
    public static <E> TokenInfluence<E> along(PerturbableModel<E> model, LayerGradients direction, double step) {
        return along(Optional.empty(), model, direction, step);
    }

    private static <E> TokenInfluence<E> along(
            Optional<? extends PerturbableModel<E>> exact,
            PerturbableModel<E> model,
            LayerGradients direction,
            double step) {
        direction.requireLayers(model.layers());
        double norm = Math.sqrt(direction.dot(direction));
        if (!Double.isFinite(norm)) {
            throw new NumericalException("the length of the preconditioned query is " + norm);
        }
        if (norm == 0) {
            throw new IllegalArgumentException("the preconditioned query is zero, so nothing can influence it");
        }
        if (!(step > 0) || step == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("the step must be positive and finite, found " + step);
        }
        double alpha = step / norm;
        PerturbableModel<E> above = model.at(scaled(direction, alpha));
        try {
            return new TokenInfluence<>(exact, above, model.at(scaled(direction, -alpha)), 1 / (2 * alpha));
        } catch (RuntimeException | Error e) {
            above.close();
            throw e;
        }
    }

    private static LayerGradients scaled(LayerGradients vector, double factor) {
        double[] flat = vector.toFlat();
        for (int k = 0; k < flat.length; k++) {
            flat[k] *= factor;
        }
        return LayerGradients.ofFlat(vector.layers(), flat);
    }

    /**
     * Computes the influence of each predicted token.
     *
     * @param batch n training sequences
     * @return [n][t]; entry t belongs to the token that position t predicts
     */
    public double[][] outputTokens(ExampleBatch<E> batch) {
        double[][] up = above.positionObjectives(batch, new Objective.TrainingLoss());
        double[][] down = below.positionObjectives(batch, new Objective.TrainingLoss());
        return differences(up, down);
    }

    /**
     * Computes the influence of each input token.
     *
     * @param batch n training sequences
     * @return [n][t]; entry t belongs to the token at position t itself
     * @throws UnsupportedOperationException if the model embeds nothing
     */
    public double[][] inputTokens(ExampleBatch<E> batch) {
        double[][][] embeddings = above.embeddings(batch);
        return differences(
                scalings(above.embeddingGradients(batch, new Objective.TrainingLoss()), embeddings),
                scalings(below.embeddingGradients(batch, new Objective.TrainingLoss()), embeddings));
    }

    private static double[][] scalings(double[][][] gradients, double[][][] embeddings) {
        double[][] sums = new double[gradients.length][];
        for (int z = 0; z < sums.length; z++) {
            sums[z] = new double[gradients[z].length];
            for (int t = 0; t < sums[z].length; t++) {
                for (int c = 0; c < gradients[z][t].length; c++) {
                    sums[z][t] += gradients[z][t][c] * embeddings[z][t][c];
                }
            }
        }
        return sums;
    }

    private double[][] differences(double[][] up, double[][] down) {
        double[][] result = new double[up.length][];
        for (int z = 0; z < result.length; z++) {
            result[z] = new double[up[z].length];
            for (int t = 0; t < result[z].length; t++) {
                result[z][t] = (up[z][t] - down[z][t]) * perUnit;
            }
        }
        return result;
    }

    /**
     * Computes how much of a sequence's influence is one token's: ‖a‖₂ / ‖a‖₁ for the tokens' influences a.
     *
     * @param tokens influences of the tokens of one sequence
     * @return from 1/√t, all alike, to 1, a single token; 0 where all are 0
     */
    public static double concentration(double[] tokens) {
        double squares = 0;
        double magnitudes = 0;
        for (double token : tokens) {
            squares += token * token;
            magnitudes += Math.abs(token);
        }
        return magnitudes == 0 ? 0 : Math.sqrt(squares) / magnitudes;
    }

    /**
     * Tells whether a sequence's influence is to be taken for spurious: the paper drops such sequences, whose influence is
     * nearly all at one token (section 5, concentration above {@link #SPURIOUS}).
     *
     * @param tokens influences of the tokens of one sequence
     * @return whether its {@link #concentration} is above 2/3
     */
    public static boolean isSpurious(double[] tokens) {
        return concentration(tokens) > SPURIOUS;
    }

    @Override
    public void close() {
        above.close();
        below.close();
        exact.ifPresent(PerturbableModel::close);
    }
}
