import org.jspecify.annotations.NullMarked;

/** What EK-FAC is judged against: exact and iterative solutions, unrolled training, responses, retraining. */
@NullMarked
module io.github.influence4j.baselines {
    requires transitive io.github.influence4j.api;
    requires transitive io.github.influence4j.ekfac;
    requires transitive io.github.influence4j.linalg;
    requires transitive static org.jspecify;
    requires commons.math3;
    requires org.slf4j;

    exports io.github.influence4j.baselines;
    exports io.github.influence4j.baselines.exact;
    exports io.github.influence4j.baselines.iterative;
    exports io.github.influence4j.baselines.pbrf;
    exports io.github.influence4j.baselines.retraining;
    exports io.github.influence4j.baselines.unrolled;
    exports io.github.influence4j.baselines.validation;
}
