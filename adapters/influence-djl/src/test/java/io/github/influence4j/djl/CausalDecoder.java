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
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.transformer.PointwiseFeedForwardBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of one layer from DJL's blocks: embedding (as a parameter of this block), causal attention, a feed-forward block,
 * both with residuals and layer normalisation before, and a head.
 */
final class CausalDecoder extends AbstractBlock {

    static final int VOCABULARY = 7;

    private final int vocabulary;
    private final int width;
    private final Block embedding;
    private final Block norm1;
    private final Block attention;
    private final Block norm2;
    private final Block mlp;
    private final Block dropout;
    private final Block head;

    CausalDecoder() {
        this(VOCABULARY, 6, 10);
    }

    CausalDecoder(int vocabulary, int width, int hidden) {
        super((byte) 1);
        this.vocabulary = vocabulary;
        this.width = width;
        embedding = addChildBlock("embedding", new TokenEmbedding(vocabulary, width));
        norm1 = addChildBlock("norm1", LayerNorm.builder().axis(2).build());
        attention = addChildBlock(
                "attention",
                ScaledDotProductAttentionBlock.builder()
                        .setEmbeddingSize(width)
                        .setHeadCount(2)
                        .optAttentionProbsDropoutProb(0.3f)
                        .build());
        norm2 = addChildBlock("norm2", LayerNorm.builder().axis(2).build());
        mlp = addChildBlock("mlp", new PointwiseFeedForwardBlock(List.of(hidden), width, Activation::gelu));
        dropout = addChildBlock("dropout", Dropout.builder().optRate(0.5f).build());
        head = addChildBlock("head", Linear.builder().setUnits(vocabulary).build());
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> options) {
        NDArray tokens = inputs.head();
        long n = tokens.getShape().get(0);
        long t = tokens.getShape().get(1);
        NDArray x = run(embedding, parameters, tokens, training);
        NDArray causal = tokens.getManager()
                .arange((int) t)
                .reshape(t, 1)
                .gte(tokens.getManager().arange((int) t).reshape(1, t))
                .toType(DataType.FLOAT32, false)
                .reshape(1, t, t)
                .broadcast(n, t, t);
        NDArray attended = attention
                .forward(parameters, new NDList(run(norm1, parameters, x, training), causal), training)
                .head();
        x = x.add(run(dropout, parameters, attended, training));
        x = x.add(run(mlp, parameters, run(norm2, parameters, x, training), training));
        return new NDList(run(head, parameters, x, training));
    }

    private static NDArray run(Block block, ParameterStore parameters, NDArray input, boolean training) {
        return block.forward(parameters, new NDList(input), training).head();
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {inputs[0].add(vocabulary)};
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
        Shape wide = inputs[0].add(width);
        embedding.initialize(manager, type, inputs);
        for (Block block : List.of(norm1, attention, norm2, mlp, dropout, head)) {
            block.initialize(manager, type, wide);
        }
    }
}
