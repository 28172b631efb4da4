package io.github.influence4j.ekfac.options;

/** Which approximation of a layer's Gauss-Newton block is fitted. */
public enum Strategy {
    /** The identity matrix: scores are gradient dot products, and damping has no effect. */
    IDENTITY,
    /** The diagonal of the Fisher matrix in the parameters' own coordinates. */
    DIAGONAL,
    /** A ⊗ S, with eigenvalues λ_S λ_Aᵀ (Martens and Grosse 2015; paper, Eq. 14-17). */
    KFAC,
    /** The eigenbasis of A ⊗ S with the Fisher's exact diagonal in it (George et al. 2018; paper, Eq. 18-21). */
    EKFAC,
    /**
     * The eigenvectors of E[GᵀG] and E[GGᵀ], G an example's gradient summed over its positions, with the Fisher's exact
     * diagonal in them: Shampoo's basis (Gupta et al. 2018) with corrected eigenvalues. Costs and needs what EK-FAC does, but
     * for the first pass, which forms gradients where layers have several positions. On sequences its diagonal tends to
     * hold more of the Fisher than EK-FAC's; it is not better everywhere.
     */
    GRADIENT_BASIS;

    /**
     * Says whether covariances and their eigenbases are needed.
     *
     * @return true for K-FAC, EK-FAC and the gradient basis
     */
    public boolean usesEigenbasis() {
        return this == KFAC || measuresEigenvalues() && this != DIAGONAL;
    }

    /**
     * Says whether eigenvalues are measured in a pass of their own.
     *
     * @return true for the diagonal, EK-FAC and the gradient basis
     */
    public boolean measuresEigenvalues() {
        return this == DIAGONAL || this == EKFAC || this == GRADIENT_BASIS;
    }
}
