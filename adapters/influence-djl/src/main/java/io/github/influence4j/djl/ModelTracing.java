package io.github.influence4j.djl;

import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.util.Pair;
import io.github.influence4j.adapter.ParameterCoverage;
import io.github.influence4j.adapter.ParameterCoverage.Uncovered;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the blocks of a model that can be traced, and makes a copy of it with stand-ins in their places. */
final class ModelTracing {

    /** What a normalisation remembers of the data; not trained. */
    private static final Set<Parameter.Type> STATISTICS =
            EnumSet.of(Parameter.Type.RUNNING_MEAN, Parameter.Type.RUNNING_VAR);

    private final Block probed;
    private final Set<String> excluded;
    private final Set<String> unknown;
    private final List<TracedBlock> traced = new ArrayList<>();
    private final List<Uncovered> uncovered = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final Set<Block> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Parameter> parameters = Collections.newSetFromMap(new IdentityHashMap<>());

    ModelTracing(Block root, Set<String> excluded) {
        this.excluded = excluded;
        this.unknown = new HashSet<>(excluded);
        visit(root, "");
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("no blocks " + unknown + " to exclude in the model");
        }
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException(
                    "these blocks cannot be traced; name those to leave out as excluded, by name " + "or by kind: "
                            + String.join("; ", refused));
        }
        if (traced.isEmpty()) {
            throw new IllegalArgumentException("the model has no linear block and no convolution");
        }
        Map<Block, Block> standIns = new IdentityHashMap<>();
        traced.forEach(block -> standIns.put(block.original(), block.standIn()));
        this.probed = BlockCopy.of(root, standIns);
    }

    private void visit(Block block, String name) {
        if (!seen.add(block)) {
            return; // a shared block is one layer
        }
        settle(block, name.isEmpty() ? "model" : name);
        for (Pair<String, Block> child : block.getChildren()) {
            visit(child.getValue(), name.isEmpty() ? child.getKey() : name + "." + child.getKey());
        }
    }

    private void settle(Block block, String name) {
        String kind = block.getClass().getSimpleName();
        List<Parameter> own = block.getDirectParameters().values().stream()
                .filter(p -> !STATISTICS.contains(p.getType()))
                .toList();
        long size = own.stream().mapToLong(p -> p.getArray().size()).sum();
        boolean exclude = excluded.contains(name) || excluded.contains(kind);
        unknown.remove(name);
        unknown.remove(kind);
        if (size == 0) {
            return;
        }
        boolean linear = block.getClass() == Linear.class || block.getClass() == Conv2d.class;
        boolean tied = !own.stream().map(parameters::add).reduce(true, (a, b) -> a && b);
        boolean frozen = own.stream().anyMatch(p -> !p.requiresGradient());
        Optional<String> problem = Optional.ofNullable(
                !linear
                        ? "neither Linear nor Conv2d"
                        : tied
                                ? "shares its weights with another block"
                                : frozen ? "frozen, so training did not touch it" : null);
        if (exclude) {
            uncovered.add(new Uncovered(
                    name, kind, size, problem.map(p -> "excluded: " + p).orElse("excluded")));
        } else if (problem.isPresent()) {
            refused.add(name + " (" + kind + ", " + size + " parameters): " + problem.get());
        } else {
            traced.add(new TracedBlock(name, block));
        }
    }

    List<TracedBlock> traced() {
        return traced;
    }

    ParameterCoverage coverage() {
        long size = traced.stream()
                .flatMap(t -> t.original().getDirectParameters().values().stream())
                .mapToLong(p -> p.getArray().size())
                .sum();
        return new ParameterCoverage(size, uncovered);
    }

    /** The copy of the model that is run: traced blocks have probes, and nobody else has it. */
    Block probed() {
        return probed;
    }
}
