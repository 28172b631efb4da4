package io.github.influence4j.examples.validation;

/** The names under which estimators are reported. */
final class EstimatorNames {

    static final String DOT_PRODUCT = "dot product";
    static final String DIAGONAL = "diagonal";
    static final String KFAC = "K-FAC";
    static final String EKFAC = "EK-FAC";
    /** EK-FAC as the library and the paper fit it: one label an example, drawn from the model. Has rows of its own. */
    static final String SAMPLED_EKFAC = "EK-FAC, sampled labels";

    static final String GRADIENT_BASIS = "EK-FAC gradient basis";
    static final String EXACT_BLOCK = "exact block GGN";
    static final String EXACT = "exact GGN";
    static final String CG = "CG";
    static final String LISSA = "LiSSA";
    static final String ASTRA = "ASTRA";
    static final String SOURCE = "SOURCE";

    private EstimatorNames() {}
}
