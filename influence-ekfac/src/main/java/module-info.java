import org.jspecify.annotations.NullMarked;

/** EK-FAC and its relatives: from a model to influence scores. */
@NullMarked
@SuppressWarnings("module") // our other modules are built later
module io.github.influence4j.ekfac {
    requires transitive io.github.influence4j.api;
    requires transitive io.github.influence4j.linalg;
    requires transitive static org.jspecify;
    requires org.slf4j;

    exports io.github.influence4j.ekfac;
    exports io.github.influence4j.ekfac.options;
    exports io.github.influence4j.ekfac.plan;
    exports io.github.influence4j.ekfac.token;
    exports io.github.influence4j.ekfac.internal.eigen to
            io.github.influence4j.baselines,
            io.github.influence4j.index,
            io.github.influence4j.store;
    exports io.github.influence4j.ekfac.internal.factor to
            io.github.influence4j.baselines,
            io.github.influence4j.index,
            io.github.influence4j.store;
    exports io.github.influence4j.ekfac.internal.fit to
            io.github.influence4j.baselines,
            io.github.influence4j.index,
            io.github.influence4j.store;
    exports io.github.influence4j.ekfac.internal.score to
            io.github.influence4j.baselines,
            io.github.influence4j.index,
            io.github.influence4j.store;
    exports io.github.influence4j.ekfac.internal.solve to
            io.github.influence4j.baselines,
            io.github.influence4j.index,
            io.github.influence4j.store;
}
