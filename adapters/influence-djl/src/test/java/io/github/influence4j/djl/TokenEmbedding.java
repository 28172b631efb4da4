package io.github.influence4j.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** A table of vectors, one a token. */
final class TokenEmbedding extends AbstractBlock {

    private final int vocabulary;
    private final int width;
    private final Parameter weight;

    TokenEmbedding(int vocabulary, int width) {
        super((byte) 1);
        this.vocabulary = vocabulary;
        this.width = width;
        this.weight = addParameter(Parameter.builder()
                .setName("weight")
                .setType(Parameter.Type.WEIGHT)
                .build());
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> options) {
        return inputs.head()
                .getNDArrayInternal()
                .embedding(
                        inputs.head(),
                        parameters.getValue(weight, inputs.head().getDevice(), training),
                        SparseFormat.DENSE);
    }

    @Override
    protected void prepare(Shape[] inputs) {
        weight.setShape(new Shape(vocabulary, width));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {inputs[0].add(width)};
    }
}
