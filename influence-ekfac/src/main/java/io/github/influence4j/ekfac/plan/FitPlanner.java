package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.factor.RunningSum;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.WorkSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Plans the stages of a fit. */
final class FitPlanner {

    private final MachineRate rate;
    private final WorkSizes sizes;
    private final int cores;
    private final FactorMemory memory;
    private final LayerGroups groups;
    private final DataShape data;
    private final FitOptions options;
    private final Rotation rotation;
    private final Set<LayerSpec> borrowing;
    private final int objectives;
    private final int batch;

    FitPlanner(
            MachineRate rate,
            WorkSizes sizes,
            int cores,
            FactorMemory memory,
            LayerGroups groups,
            DataShape data,
            FitOptions options,
            Rotation rotation,
            int batch) {
        this.rate = rate;
        this.sizes = sizes;
        this.cores = cores;
        this.memory = memory;
        this.groups = groups;
        this.borrowing = groups.groups().stream()
                .flatMap(group -> memory.borrowing(group).stream())
                .collect(Collectors.toSet());
        this.data = data;
        this.options = options;
        this.rotation = rotation;
        this.objectives = options.labels() instanceof FisherLabels.Sampled sampled ? sampled.draws() : 1;
        this.batch = batch;
    }

    List<StagePlan> stages(List<PlannedLayer> layers) {
        List<StagePlan> stages = new ArrayList<>();
        if (options.strategy().usesEigenbasis()) {
            stages.add(covariances(layers));
            stages.add(eigendecomposition(layers));
        }
        if (options.strategy().measuresEigenvalues()) {
            stages.add(eigenvalues(layers));
        }
        return stages;
    }

    private StagePlan covariances(List<PlannedLayer> layers) {
        Work work = new Work(rate, memory.precision());
        passes(work, layers);
        double disk = 0;
        for (PlannedLayer layer : layers) {
            double rows = (double) data.examples() * layer.positions();
            if (CovarianceStage.Basis.of(options.strategy()) == CovarianceStage.Basis.GRADIENTS) {
                gradientProducts(work, layer);
            } else {
                if (ownInput(layer)) {
                    rankUpdate(work, rows * layer.activationNumbers(), layer.inputs());
                }
                rankUpdate(work, objectives * rows * layer.gradientNumbers(), layer.outputs());
            }
            double flushes = memory.precision() == Precision.FLOAT32 ? Math.ceil(rows / RunningSum.BLOCK_ROWS) : 0;
            work.elements((flushes + 3) * numbers(layer));
            disk += 8 * numbers(layer);
        }
        return work.stage(
                "covariances",
                fullest((group, kept, captures) -> new MemoryUse(
                        kept + memory.covarianceBytes(group, longestSum(group) > RunningSum.BLOCK_ROWS),
                        CovarianceStage.Basis.of(options.strategy()) == CovarianceStage.Basis.GRADIENTS
                                ? captures.gradientBytes(batch)
                                : 0,
                        captures.bytes(batch),
                        0,
                        0)),
                disk);
    }

    /** Rows that are widened to float64 take 2 to 3.9 times as long as float32 ones (decision 87). */
    private void rankUpdate(Work work, double flops, int order) {
        int block = largestBlock(order);
        boolean asked = options.float64Covariances() && memory.precision() == Precision.FLOAT32;
        work.add(Kernel.RANK_UPDATE, flops, block, asked || memory.widens(block) ? 3 : 1);
    }

    /** Rows that the longest sum of a group adds up: positions, or the rows of gradients. */
    private double longestSum(List<LayerSpec> group) {
        boolean gradients = CovarianceStage.Basis.of(options.strategy()) == CovarianceStage.Basis.GRADIENTS;
        int rows = group.stream()
                .mapToInt(
                        layer -> gradients ? Math.max(layer.outputs(), layer.gradientColumns()) : data.positions(layer))
                .max()
                .orElseThrow();
        return (double) data.examples() * rows * objectives;
    }

    /** G_zᵀG_z and G_zG_zᵀ of every example: of gradients that are formed, twice, or of scaled vectors. */
    private void gradientProducts(Work work, PlannedLayer layer) {
        double gradients = (double) data.examples() * objectives;
        boolean one = layer.positions() == 1;
        rankUpdate(work, gradients * (one ? 1 : layer.outputs()) * layer.activationNumbers(), layer.inputs());
        rankUpdate(work, gradients * (one ? 1 : layer.inputs()) * layer.gradientNumbers(), layer.outputs());
        if (!one) {
            double t = layer.positions();
            work.add(Kernel.PRODUCT_PER_EXAMPLE, gradients * 4 * t * layer.parameters(), t);
        }
        work.elements(gradients * (one ? 2 * layer.captured() : 0));
    }

    private StagePlan eigendecomposition(List<PlannedLayer> layers) {
        Work work = new Work(rate, memory.precision());
        double disk = 0;
        for (PlannedLayer layer : layers) {
            int[] both = {layer.inputs(), layer.outputs()};
            for (int order : ownInput(layer) ? both : new int[] {layer.outputs()}) {
                for (int size : BlockDiagonal.sizes(order, options.blocks())) {
                    work.add(Kernel.EIGEN, 9.0 * size * size * size, size);
                }
            }
            work.elements(3 * numbers(layer));
            double values = layer.outputs() + (ownInput(layer) ? layer.inputs() : 0.0);
            disk += memory.precision().bytes() * stored(layer) + 8 * values;
        }
        return work.stage(
                "eigendecomposition",
                fullest((group, kept, captures) -> {
                    double covariances = 8 * memory.covarianceNumbers(group);
                    int atOnce = memory.decompositionsAtOnce(group, cores);
                    double workspace = memory.decompositionBytes(group, atOnce) - covariances;
                    return new MemoryUse(kept + covariances, workspace, captures.bytes(batch), 0, 0);
                }),
                disk);
    }

    private StagePlan eigenvalues(List<PlannedLayer> layers) {
        Work work = new Work(rate, memory.precision());
        passes(work, layers);
        double disk = 0;
        for (PlannedLayer layer : layers) {
            rotations(work, layer, rotation, (double) objectives * data.examples());
            disk += 8 * layer.parameters();
        }
        return work.stage(
                "eigenvalues",
                fullest((group, kept, captures) -> new MemoryUse(
                        kept + memory.eigenvalueBytes(group, longestSquares(group) > RunningSum.BLOCK_ROWS),
                        captures.rotationBytes(batch, rotation),
                        captures.bytes(batch),
                        0,
                        0)),
                disk);
    }

    /** Squares that the longest sum of a group adds up: of examples, or of pairs of positions. */
    private double longestSquares(List<LayerSpec> group) {
        double largest = 1;
        for (LayerSpec layer : group) {
            PlannedLayer planned = PlannedLayer.of(layer, data, options, sizes);
            double t = planned.positions();
            largest = Math.max(largest, planned.rotation().sumsPairs(rotation) ? t * (t + 1) / 2 : 1);
        }
        return largest * objectives * data.examples();
    }

    /** Squares of rotated gradients of some examples, added up. */
    static void rotations(Work work, PlannedLayer layer, Rotation forced, double examples) {
        double t = layer.positions();
        RotationCost cost = layer.rotation();
        if (cost.sumsPairs(forced)) {
            double pairs = t * (t + 1) / 2;
            work.add(Kernel.PRODUCT, examples * 2 * t * layer.covarianceNumbers(), layer.smallestBlock());
            work.add(
                    Kernel.PRODUCT,
                    examples * 2 * pairs * layer.parameters(),
                    Math.min(layer.inputs(), layer.outputs()));
            work.elements(examples * pairs * ((double) layer.inputs() + layer.outputs()));
            return;
        }
        work.add(Kernel.PRODUCT_PER_EXAMPLE, examples * 2 * t * layer.parameters(), t);
        if (cost.rotatesFirst(forced)) {
            work.add(Kernel.PRODUCT, examples * 2 * t * layer.covarianceNumbers(), layer.smallestBlock());
        } else {
            work.add(Kernel.PRODUCT, examples * cost.rotateGradient(), layer.smallestBlock());
        }
        work.elements(examples * layer.parameters());
    }

    /** The model's own work and the upload of captures, once for each group. */
    private void passes(Work work, List<PlannedLayer> layers) {
        double captures = (double) data.examples() * objectives;
        model(work, data, layers, captures * groups.groups().size());
        for (PlannedLayer layer : layers) {
            work.uploads(captures * layer.captured());
        }
    }

    /** Passes of the model over some examples. */
    static void model(Work work, DataShape data, List<PlannedLayer> layers, double examples) {
        double flops = data.modelFlopsPerPosition();
        if (flops > 0) {
            int widest = layers.stream()
                    .mapToInt(layer -> Math.min(layer.inputs(), layer.outputs()))
                    .max()
                    .orElseThrow();
            work.add(Kernel.MODEL, examples * data.positions() * flops, widest);
            return;
        }
        for (PlannedLayer layer : layers) {
            work.add(
                    Kernel.MODEL,
                    examples * 4 * layer.positions() * layer.parameters(),
                    Math.min(layer.inputs(), layer.outputs()));
        }
    }

    /** What one group takes beside the finished factors of those before it. */
    private interface GroupMemory {
        MemoryUse of(List<LayerSpec> group, double kept, Captures captures);
    }

    private MemoryUse fullest(GroupMemory use) {
        MemoryUse fullest = new MemoryUse(0, 0, 0, 0, 0);
        double kept = 0;
        for (List<LayerSpec> group : groups.groups()) {
            List<PlannedLayer> layers = group.stream()
                    .map(layer -> PlannedLayer.of(layer, data, options, sizes))
                    .toList();
            fullest = fullest.orLarger(use.of(group, kept, new Captures(memory.precision(), layers)));
            kept += memory.keptBytes(group);
        }
        return fullest;
    }

    /** kronfluence's layout has no blocks: zeros outside them are stored too. */
    /** Numbers of the eigenvectors in files: rows of the largest block. */
    private double stored(PlannedLayer layer) {
        double inputs = ownInput(layer) ? (double) layer.inputs() * largestBlock(layer.inputs()) : 0;
        return inputs + (double) layer.outputs() * largestBlock(layer.outputs());
    }

    /** Numbers of the covariances that are the layer's own. */
    private double numbers(PlannedLayer layer) {
        return layer.gradientNumbers() + (ownInput(layer) ? layer.activationNumbers() : 0);
    }

    /** Whether A is computed and kept for this layer, and not for another that reads the same input. */
    private boolean ownInput(PlannedLayer layer) {
        return !borrowing.contains(layer.spec());
    }

    private int largestBlock(int order) {
        return BlockDiagonal.sizes(order, options.blocks())[0];
    }

    String describeFactors(PlannedLayer layer) {
        if (!options.strategy().usesEigenbasis()) {
            return "no covariances";
        }
        int group = 0;
        while (!groups.groups().get(group).contains(layer.spec())) {
            group++;
        }
        return "group " + (group + 1) + ", covariances in " + options.blocks() + " block(s) of order "
                + largestBlock(layer.inputs()) + " and " + largestBlock(layer.outputs()) + " at most"
                + (ownInput(layer) ? "" : ", the first of them that of another layer with the same input");
    }

    String describeRotation(PlannedLayer layer) {
        if (!options.strategy().measuresEigenvalues()) {
            return "no eigenvalue pass";
        }
        RotationCost cost = layer.rotation();
        if (layer.positions() == 1) {
            return "product of squares, as there is one position: " + flops(cost.gram());
        }
        String pairs = "pairs of positions " + flops(cost.gram());
        String first = "rotate first " + flops(cost.rotateFirst());
        String second = "gradient first " + flops(cost.gradientFirst());
        if (layer.blocks() == 0) {
            first = "gradients without rotation " + flops(cost.gradientFirst());
            return cost.sumsPairs(rotation) ? pairs + against(first) : first + against(pairs);
        }
        if (cost.sumsPairs(rotation)) {
            return pairs + ", all in large products" + against(first, second);
        }
        return cost.rotatesFirst(rotation) ? first + against(second, pairs) : second + against(first, pairs);
    }

    private static String against(String... others) {
        return " (against " + String.join(", ", others) + ")";
    }

    static String flops(double flops) {
        return String.format(Locale.ROOT, "%.3g flops an example", flops);
    }
}
