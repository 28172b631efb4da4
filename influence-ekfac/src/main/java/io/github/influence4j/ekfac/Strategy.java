package io.github.influence4j.ekfac;

/** Which approximation of a layer's Gauss-Newton block is fitted. */
public enum Strategy {
    /** The identity matrix: scores are gradient dot products, and damping has no effect. */
    IDENTITY,
    /** The diagonal of the Fisher matrix in the parameters' own coordinates. */
    DIAGONAL,
    /** A ⊗ S, with eigenvalues λ_S λ_Aᵀ (Martens and Grosse 2015; paper, Eq. 14-17). */
    KFAC,
    /** The eigenbasis of A ⊗ S with the Fisher's exact diagonal in it (George et al. 2018; paper, Eq. 18-21). */
    EKFAC;

    /**
     * Says whether covariances and their eigenbases are needed.
     *
     * @return true for K-FAC and EK-FAC
     */
    public boolean usesEigenbasis() {
        return this == KFAC || this == EKFAC;
    }

    /**
     * Says whether eigenvalues are measured in a pass of their own.
     *
     * @return true for the diagonal and EK-FAC
     */
    public boolean measuresEigenvalues() {
        return this == DIAGONAL || this == EKFAC;
    }
}
