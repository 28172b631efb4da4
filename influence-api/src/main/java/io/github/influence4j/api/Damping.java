package io.github.influence4j.api;

/**
 * How strongly the curvature is regularised: an absolute λ, or a multiple of each layer's mean eigenvalue.
 *
 * <p>The paper uses λ_ℓ = 0.1 × mean(Λ_ℓ) in each layer ℓ (section 5), the default here. A damping is resolved once into
 * one λ a layer, a {@link LayerDamping}, which every estimator shares.
 *
 * @param kind whether {@code value} is λ itself or a multiple of the mean eigenvalue
 * @param value λ or the multiple, at least 0
 */
public record Damping(Kind kind, double value) {

    /** What the value of a damping means. */
    public enum Kind {
        /** The value is λ. */
        ABSOLUTE,
        /** The value is multiplied by the layer's mean eigenvalue. */
        RELATIVE
    }

    /** 0.1 × the mean eigenvalue, as in the paper. */
    public static final Damping DEFAULT = relative(0.1);

    /**
     * Checks the value.
     *
     * @throws IllegalArgumentException if the value is negative, NaN or infinite
     */
    public Damping {
        if (!(value >= 0) || value == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("damping must be a finite number that is not negative, found " + value);
        }
    }

    /**
     * Returns the same λ for every layer.
     *
     * @param lambda λ, at least 0
     * @return an absolute damping
     * @throws IllegalArgumentException if λ is negative, NaN or infinite
     */
    public static Damping absolute(double lambda) {
        return new Damping(Kind.ABSOLUTE, lambda);
    }

    /**
     * Returns λ_ℓ = multiple × mean(Λ_ℓ).
     *
     * @param multiple at least 0
     * @return a relative damping
     * @throws IllegalArgumentException if the multiple is negative, NaN or infinite
     */
    public static Damping relative(double multiple) {
        return new Damping(Kind.RELATIVE, multiple);
    }

    /**
     * Computes λ for a layer.
     *
     * @param meanEigenvalue mean of the layer's eigenvalues
     * @return λ
     */
    public double resolve(double meanEigenvalue) {
        return kind == Kind.ABSOLUTE ? value : value * meanEigenvalue;
    }

    @Override
    public String toString() {
        return kind == Kind.ABSOLUTE ? Double.toString(value) : value + " x mean eigenvalue";
    }
}
