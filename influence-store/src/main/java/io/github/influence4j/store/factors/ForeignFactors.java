package io.github.influence4j.store.factors;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.ShardFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Factors that another program wrote, which say nothing about biases and positions and have no checksums.
 *
 * <p>Only safetensors are read. Pickles, which PyTorch writes as {@code .pt} and {@code .bin}, are programs that run when they are read,
 * and are refused. Immutable; safe for use by several threads.
 */
public final class ForeignFactors {

    /** Names in a message, at most. */
    private static final int LISTED = 5;

    private final Path folder;
    private final String program;
    private final Strategy strategy;
    private final Map<String, Long> counts;
    private final String labels;
    private final Set<String> layerNames;
    private final Precision precision;
    private final Source source;

    /** Opens the files. */
    interface Source {
        JoinedFiles open() throws IOException;
    }

    ForeignFactors(
            Path folder,
            String program,
            Strategy strategy,
            OptionalLong examples,
            String labels,
            Set<String> layerNames,
            Precision precision,
            Source source) {
        this.folder = folder;
        this.program = program;
        this.strategy = strategy;
        this.counts = examples.isPresent() ? Map.of("examples", examples.getAsLong()) : Map.of();
        this.labels = labels;
        this.layerNames = layerNames;
        this.precision = precision;
        this.source = source;
    }

    /**
     * Looks at factors of kronfluence's, of any strategy and type, in one file a kind or in partitions of the data or the modules.
     * Partitions of Λ are added up where kronfluence did not; covariances without their eigenvectors are refused.
     *
     * @param folder a folder {@code factors_…}
     * @return the factors
     * @throws IOException if files cannot be read
     * @throws MalformedFileException if they are not what kronfluence writes, or something is missing;
     *     says what
     */
    public static ForeignFactors kronfluence(Path folder) throws IOException {
        return KronfluenceFolder.open(folder);
    }

    /**
     * Looks at a Hessian of bergson's: EK-FAC where there are corrected eigenvalues, else K-FAC, in one shard or several.
     *
     * @param folder the path of a run of {@code bergson hessian}
     * @return the factors
     * @throws IOException if files cannot be read
     * @throws MalformedFileException if they are not what bergson writes, or something is missing; says what
     */
    public static ForeignFactors bergson(Path folder) throws IOException {
        return BergsonFolder.open(folder);
    }

    /**
     * Returns what the factors approximate.
     *
     * @return the strategy
     */
    public Strategy strategy() {
        return strategy;
    }

    /**
     * Names the layers that there are factors of.
     *
     * @return names as the other program has them; empty for the identity, which has no files
     */
    public Set<String> layerNames() {
        return layerNames;
    }

    /**
     * Returns the precision that loses nothing of the eigenvectors.
     *
     * @return float64 where files are of that type
     */
    public Precision precision() {
        return precision;
    }

    /**
     * Chooses the layers that there are factors of. A program may leave out how names begin ({@code layers.0.mlp} for {@code
     * model.layers.0.mlp}) or have a beginning more, as long as it is clear which layer is meant.
     *
     * @param layers layers of the model
     * @return some of them, in their order; all for the identity
     */
    public List<LayerSpec> among(List<LayerSpec> layers) {
        return layers.stream()
                .filter(layer ->
                        strategy == Strategy.IDENTITY || tensor(layer.name()).isPresent())
                .toList();
    }

    private Optional<String> tensor(String layer) {
        if (layerNames.contains(layer)) {
            return Optional.of(layer);
        }
        List<String> ending = layerNames.stream()
                .filter(name -> layer.endsWith("." + name) || name.endsWith("." + layer))
                .toList();
        return ending.size() == 1 ? Optional.of(ending.get(0)) : Optional.empty();
    }

    /**
     * Makes a store of some layers.
     *
     * @param layers layers of the model
     * @param backend for the provenance
     * @return the store, which reads the other program's files
     * @throws MalformedFileException if there are no factors of a layer
     */
    public FactorStore store(List<LayerSpec> layers, MatrixBackend backend) {
        Map<String, String> tensors = new LinkedHashMap<>();
        if (strategy != Strategy.IDENTITY) {
            for (LayerSpec layer : layers) {
                tensors.put(layer.name(), tensor(layer.name()).orElseThrow(() -> none(layer)));
            }
        }
        Provenance provenance = Provenance.here(backend.description(), backend.precision(), Optional.empty())
                .withOption("strategy", strategy.toString())
                .withOption("labels", labels)
                .withOption("factors", program);
        for (Map.Entry<String, Long> count : counts.entrySet()) {
            provenance = provenance.withCount(count.getKey(), count.getValue());
        }
        FactorManifest manifest = new FactorManifest(strategy, 1, layers, List.of(), Map.of(), provenance);
        return new FactorStore(
                new ShardFolder(folder), manifest, () -> source.open().under(tensors));
    }

    private MalformedFileException none(LayerSpec layer) {
        return new MalformedFileException(
                folder,
                "holds no factors of layer " + MalformedFileException.quote(layer.name()) + "; there are those of "
                        + layerNames.stream().limit(LISTED).toList()
                        + (layerNames.size() > LISTED ? " and " + (layerNames.size() - LISTED) + " others" : ""));
    }
}
