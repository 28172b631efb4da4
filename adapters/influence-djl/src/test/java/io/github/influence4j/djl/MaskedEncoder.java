package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** A classifier of sequences from DJL's encoder block: embedding, attention over real positions, their mean, a head. */
final class MaskedEncoder extends AbstractBlock {

    static final int CLASSES = 3;
    private static final int WIDTH = 6;

    private final Block embedding = addChildBlock("embedding", new TokenEmbedding(CausalDecoder.VOCABULARY, WIDTH));
    private final Block encoder =
            addChildBlock("encoder", new TransformerEncoderBlock(WIDTH, 2, 8, 0.3f, Activation::gelu));
    private final Block head =
            addChildBlock("head", Linear.builder().setUnits(CLASSES).build());

    MaskedEncoder() {
        super((byte) 1);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> options) {
        NDArray mask = inputs.get(1);
        long n = mask.getShape().get(0);
        long t = mask.getShape().get(1);
        NDArray x = embedding
                .forward(parameters, new NDList(inputs.head()), training)
                .head();
        NDArray seen = mask.reshape(n, 1, t).broadcast(n, t, t);
        x = encoder.forward(parameters, new NDList(x, seen), training).head();
        NDArray real = mask.reshape(n, t, 1);
        NDArray mean = x.mul(real).sum(new int[] {1}).div(real.sum(new int[] {1}));
        return head.forward(parameters, new NDList(mean), training);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {new Shape(inputs[0].get(0), CLASSES)};
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
        embedding.initialize(manager, type, inputs[0]);
        encoder.initialize(manager, type, inputs[0].add(WIDTH));
        head.initialize(manager, type, new Shape(inputs[0].get(0), WIDTH));
    }
}
