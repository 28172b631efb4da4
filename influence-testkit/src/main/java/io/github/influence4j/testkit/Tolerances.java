package io.github.influence4j.testkit;

import io.github.influence4j.api.Precision;

/**
 * Every tolerance of the tests, each with its reason. Relative tolerances are relative to the largest magnitude of the
 * expected numbers.
 */
public final class Tolerances {

    /**
     * Two float64 computations of the same sums in another order, a few hundred terms: 1e4 roundoffs of slack over the
     * 1.1e-16 of one operation.
     */
    public static final double REORDERED_FLOAT64 = 1e-12;

    /** Two float32 computations of the same sums in another order: the same slack in units of 6e-8, rounded. */
    public static final double REORDERED_FLOAT32 = 2e-5;

    /**
     * The square of a float32 gradient of which a ten thousandth is left after two terms cancelled: each element is off by 1.5
     * roundoffs of a term, 1.5 × 6e-8 / 1e-4, its square by twice that, and one digit of slack for rotations before.
     */
    public static final double CANCELLED_POSITIONS = 1e-2;

    /**
     * Tensors of the parity fixtures in float64, as the fixtures' own documentation asks; an independent NumPy
     * implementation reaches 2e-13, eigenvectors of nearly equal eigenvalues leave the rest.
     */
    public static final double PARITY_FLOAT64 = 1e-9;

    /**
     * Scores in float32 of the same data in other parts: products are added in float64 between parts, so that what
     * differs are a few roundings of 6e-8 of the sums, carried into eigenvectors and eigenvalues, at the relative damping.
     */
    public static final double OTHER_PARTS_FLOAT32 = 1e-6;

    /** Scores of the parity fixtures in float32 with the relative damping, as the fixtures' documentation asks. */
    public static final double PARITY_FLOAT32 = 1e-4;

    /**
     * Residual and orthogonality of a float64 eigendecomposition or SVD, relative to the norm of the matrix and per unit
     * of its order n: backward-stable methods promise a small multiple of n × 1.1e-16.
     */
    public static final double DECOMPOSITION_PER_ORDER = 1e-14;

    /**
     * Central differences of a float64 loss with step 1e-5: truncation (1e-10 × third derivative) and cancellation
     * (1e-16 / 1e-5) are both near 1e-10, and sums of some hundred terms leave two digits more.
     */
    public static final double FINITE_DIFFERENCE = 1e-7;

    /** Scores that nothing is said about, however near rounding the damping is: what is off by more than one in a hundred is named. */
    public static final double NOT_DOUBTFUL = 1e-2;

    /** Two algebraically equal exact solvers in float64 on systems of condition up to 1e6: 1e6 × 1.1e-16, and slack. */
    public static final double EXACT_SOLVE = 1e-8;

    /**
     * λ(G+λ)⁻¹ against the identity with λ = 1e8 and curvatures up to about 1e2: they differ by G/λ = 1e-6, float32 adds
     * its own rounding.
     */
    public static final double LARGE_DAMPING = 2e-5;

    /**
     * Smallest p-value at which a statistical test with a fixed seed passes. A right distribution falls below it once in
     * ten thousand seeds; the wrong ones that matter (a class off by one, a variance off by 5 %) give far less at the
     * sample sizes in use.
     */
    public static final double P_VALUE = 1e-4;

    /** Largest distance between the two forms of GELU, with tanh and with the error function: 4.7e-4 near |z| = 2.3. */
    public static final double GELU_TANH_FORM = 5e-4;

    /**
     * Relative error of the variance of 20,000 uniform draws: its standard deviation is √(0.8 / 20,000) = 0.6 %, and five
     * of them pass.
     */
    public static final double VARIANCE_OF_20000 = 0.032;

    /**
     * Exponent of a power law fitted to 10,000 scores: its standard error is (α−1)/100, so that 0.1 is more than two and a
     * half of them up to α = 4.5.
     */
    public static final double PARETO_EXPONENT = 0.1;

    // iterative solvers

    /**
     * Conjugate gradients stopped at a relative residual of 1e-11 against an exact solution, for condition numbers up to
     * about 1e5: the error is at most their product.
     */
    public static final double CONJUGATE_GRADIENT = 1e-6;

    /**
     * Power iteration that is stopped when its quotient changes by less than 1e-13: with a gap of 1 % between the two
     * largest eigenvalues what is missing is some fifty times that, and nearly equal ones leave more digits behind.
     */
    public static final double POWER_ITERATION = 1e-9;

    // unrolled training

    /**
     * Segments with constant gradients against gradient descent: a step with rate η and eigenvalue σ shrinks by 1 − ησ where
     * the formula has e^(−ησ), and gradients change within a segment; for the tests' ησ = 0.01 and 20 steps a segment each is
     * well below 1 %.
     */
    public static final double UNROLLED_TRAINING = 0.01;

    /**
     * Derivatives through a training run against runs with a weight nudged by 1e-3 and 2e-3, relative to the largest: truncation is
     * 1e-12 × a fifth derivative, cancellation 1e-16 / 1e-3 of a measurement that is some 1e3 times the derivative. The issue
     * that asked for them asks for 1e-6.
     */
    public static final double UNROLLED_BY_NUDGES = 1e-6;

    // gradient basis

    /**
     * A curvature put together from eigenvectors of float32 sums against one of float64: eigenvectors of eigenvalues that
     * lie a tenth apart turn by ten roundings, and the matrix with them.
     */
    public static final double EIGENBASIS_FLOAT32 = 1e-3;

    // Truth: proximal Bregman responses, retraining.

    /**
     * Minimum found by descent along central differences of step 1e-5 of the objective only, relative to the largest weight's
     * change of about 1e-2: they err by 1e-16 / 1e-5 + (1e-5)² = 1e-10, divided by the smallest curvature of 0.05.
     */
    public static final double ANOTHER_OPTIMISER = 1e-5;

    /**
     * Length of a gradient by central differences of step 1e-5, relative to that at the start of about 0.1: differences err by
     * 1e-16 / 1e-5 + (1e-5)² = 1e-10 in each of 28 weights.
     */
    public static final double GRADIENT_BY_DIFFERENCES = 1e-7;

    /** A ratio of differences that are of first order in ε = 1e-3 or 2e-3: terms of second order remain. */
    public static final double HALVED_EPSILON = 0.02;

    /** Lowest correlation of the exact damped solution with proximal Bregman responses: claim 1 of the validation study. */
    public static final double EXACT_AGAINST_RESPONSES = 0.99;
    // the transformer

    /**
     * Sum of output-token influences in float64 against the score in float32, relative to the largest score: the score and the
     * preconditioned query carry the roundings of sums over hundreds of float32 numbers that cancel in part; a hundredth of
     * what the reproduction of the paper allows for this identity is 1e-4.
     */
    public static final double OUTPUT_TOKENS_FLOAT32_SCORE = 1e-4;
    // Adapters

    /**
     * Slopes of a float64 loss by differences of fourth order with steps 1e-3 and 2e-3: truncation is 1e-12 × fifth
     * derivative × 4, cancellation 1e-16 / 1e-3, and a loss of some hundred terms and slopes along random directions leave
     * five digits.
     */
    public static final double CONTRACT_SLOPE_FLOAT64 = 1e-7;

    /**
     * Slopes of a float32 loss with steps 2e-2 and 4e-2: cancellation is 6e-8 × a loss of some 10 / 2e-2 = 3e-5 × the
     * growth of roundoff through the layers, truncation about as much. The mistakes it is to find are factors.
     */
    public static final double CONTRACT_SLOPE_FLOAT32 = 5e-3;

    /**
     * Roundoff of a float32 loss relative to the largest loss: 6e-8 an operation, sums of some dozen terms and some layers
     * leave one digit; the slopes of the bias of an attention's keys, which are nothing but this, stay below.
     */
    public static final double CONTRACT_LOSS_FLOAT32 = 6e-7;

    /** The same in float64: 1.1e-16 an operation and one digit. */
    public static final double CONTRACT_LOSS_FLOAT64 = 1e-15;

    /**
     * One example's captures in two batches, float64: some layers of reordered sums, each at 1e-12. A sum over the columns of a
     * root of the output Hessian is one more such sum.
     */
    public static final double CONTRACT_BATCH_FLOAT64 = 1e-10;

    /** The same in float32: some layers of reordered sums, each at 2e-5. */
    public static final double CONTRACT_BATCH_FLOAT32 = 2e-4;

    /**
     * Another implementation of a whole model in float64, relative to the largest number: sums of some hundred products at 1e-14,
     * multiplied by the condition of norms and softmaxes in some blocks.
     */
    public static final double WHOLE_MODEL_FLOAT64 = 1e-10;

    /** The same in float32, whose products leave 1e-6 in the small models of the tests. */
    public static final double WHOLE_MODEL_FLOAT32 = 1e-5;

    // the index

    /**
     * Inner products of whitened gradients that are kept in float32, relative to the largest score: each number is rounded once,
     * 6e-8, rotations before it leave one digit, and rounding errors of some hundred products cancel in part.
     */
    public static final double WHITENED_FLOAT32 = 1e-6;

    /**
     * Share that rounding leaves of the squares of 64,000 normal numbers, relative to its expectation: a square that is left has a standard
     * deviation of at most twice its mean, 2/√64000 = 0.008, and five of them pass.
     */
    public static final double LEFT_OF_64000_NUMBERS = 0.04;

    /** Mean of 2,000 independent standardised errors: its standard deviation is 1/√2000 = 0.022, and five of them pass. */
    public static final double MEAN_OF_2000_PAIRS = 0.11;

    private Tolerances() {}

    /**
     * Returns the tolerance for a curvature that is put together from eigenvectors, which another decomposition found.
     *
     * @param precision the working precision
     * @return a relative tolerance
     */
    public static double eigenbasis(Precision precision) {
        return precision == Precision.FLOAT64 ? EXACT_SOLVE : EIGENBASIS_FLOAT32;
    }

    /**
     * Returns the roundoff that is granted to a loss of the contract.
     *
     * @param precision the precision of the model
     * @return relative to the largest loss
     */
    static double lossRoundoff(Precision precision) {
        return precision == Precision.FLOAT64 ? CONTRACT_LOSS_FLOAT64 : CONTRACT_LOSS_FLOAT32;
    }

    /**
     * Returns the tolerance for two computations of the same sums in another order.
     *
     * @param precision the working precision
     * @return a relative tolerance
     */
    public static double reordered(Precision precision) {
        return precision == Precision.FLOAT64 ? REORDERED_FLOAT64 : REORDERED_FLOAT32;
    }
}
