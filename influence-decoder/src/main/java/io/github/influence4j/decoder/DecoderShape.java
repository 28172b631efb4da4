package io.github.influence4j.decoder;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The form of a decoder transformer.
 *
 * <p>x = embedding[token] (+ positions[p] where they are learned). In each block x += W_o attention(norm(x)), then x += W_proj
 * (φ(W_fc norm(x) + b_fc)) + b_proj; with a gate it is φ(W_gate n) ∘ (W_up n). Logits = W_head norm(x). Attention's scores are
 * divided by √(head width). Norms may stand after the branches instead of before (OLMo 2), and both branches may read the same
 * x (GPT-NeoX).
 */
public final class DecoderShape {

    /** How a hidden state is normalised. */
    public enum Norm {
        /** x / √(mean x² + ε) ∘ gain (Zhang and Sennrich 2019). */
        RMS,
        /** (x − mean) / √(variance + ε) ∘ gain + shift (Ba et al. 2016). */
        LAYER
    }

    /** Where the norms of a block stand. */
    public enum NormPlace {
        /** x += branch(norm(x)). */
        BEFORE,
        /** x += norm(branch(x)). */
        AFTER
    }

    /** Whether queries and keys are normalised (RMS), before the rotary positions. */
    public enum QueryKeyNorm {
        /** They are not. */
        NONE,
        /** Each head by itself, with one gain for all heads (Qwen 3). */
        HEADS,
        /** All heads of a position together (OLMo 2). */
        ALL
    }

    private int vocabulary;
    private int context;
    private int blocks;
    private int width;
    private int heads;
    private int keyHeads;
    private int headWidth;
    private int hidden;
    private Activation activation = Activation.RELU;
    private boolean gated;
    private Norm norm = Norm.RMS;
    private NormPlace normPlace = NormPlace.BEFORE;
    private double epsilon = 1e-5;
    private QueryKeyNorm queryKeyNorm = QueryKeyNorm.NONE;
    private Optional<RotaryPositions> rotary = Optional.empty();
    private List<OptionalInt> windows = List.of();
    private boolean parallel;
    private boolean queryKeyValueBias;
    private boolean attentionOutputBias;
    private boolean mlpBias = true;
    private boolean tied;
    private Naming naming = Naming.PLAIN;

    private DecoderShape() {}

    private DecoderShape(DecoderShape other) {
        vocabulary = other.vocabulary;
        context = other.context;
        blocks = other.blocks;
        width = other.width;
        heads = other.heads;
        keyHeads = other.keyHeads;
        headWidth = other.headWidth;
        hidden = other.hidden;
        activation = other.activation;
        gated = other.gated;
        norm = other.norm;
        normPlace = other.normPlace;
        epsilon = other.epsilon;
        queryKeyNorm = other.queryKeyNorm;
        rotary = other.rotary;
        windows = other.windows;
        parallel = other.parallel;
        queryKeyValueBias = other.queryKeyValueBias;
        attentionOutputBias = other.attentionOutputBias;
        mlpBias = other.mlpBias;
        tied = other.tied;
        naming = other.naming;
    }

    /**
     * Returns a form with RELU, RMS norms before the branches, learned positions, an untied head, biases in the MLPs only, and
     * an MLP four times as wide as the hidden state.
     *
     * @param vocabulary number of token ids
     * @param context most tokens of a sequence
     * @param blocks number of blocks
     * @param width d, numbers of a hidden state
     * @param heads attention heads
     * @return a form to be changed
     * @throws IllegalArgumentException if a number is too small, or the heads do not divide the width
     */
    public static DecoderShape of(int vocabulary, int context, int blocks, int width, int heads) {
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("a width of " + width + " cannot be divided among " + heads + " heads");
        }
        DecoderShape shape = new DecoderShape();
        shape.vocabulary = vocabulary;
        shape.context = context;
        shape.blocks = blocks;
        shape.width = width;
        shape.heads = heads;
        shape.keyHeads = heads;
        shape.headWidth = width / heads;
        shape.hidden = 4 * width;
        return shape.checked();
    }

    private DecoderShape checked() {
        if (vocabulary < 2
                || context < 2
                || blocks < 1
                || width < 1
                || heads < 1
                || keyHeads < 1
                || headWidth < 1
                || hidden < 1) {
            throw new IllegalArgumentException(
                    "a decoder needs a vocabulary and a context of at least 2 and one block, found " + this);
        }
        if (heads % keyHeads != 0) {
            throw new IllegalArgumentException(
                    heads + " heads of queries cannot share " + keyHeads + " heads of keys and values evenly");
        }
        if (!(epsilon > 0 && epsilon < 1)) {
            throw new IllegalArgumentException("the ε of the norms must be above 0 and below 1, found " + epsilon);
        }
        rotary.ifPresent(positions -> {
            if (positions.width() > headWidth) {
                throw new IllegalArgumentException(
                        "rotary positions of " + positions.width() + " numbers do not fit into heads of " + headWidth);
            }
        });
        if (!windows.isEmpty() && windows.size() != blocks) {
            throw new IllegalArgumentException("windows of " + windows.size() + " blocks for " + blocks + " blocks");
        }
        if (normPlace == NormPlace.AFTER && (parallel || queryKeyValueBias || mlpBias)) {
            throw new IllegalArgumentException(
                    "norms after the branches need branches one after the other and without biases");
        }
        if (naming.fused() && keyHeads != heads) {
            throw new IllegalArgumentException(
                    naming + " has a head of keys for each head of queries, found " + keyHeads + " for " + heads);
        }
        return this;
    }

    /**
     * Returns another form with these heads.
     *
     * @param ofKeys heads of keys and values, must divide those of queries
     * @param numbers width of one head
     * @return a new form
     */
    public DecoderShape withHeads(int ofKeys, int numbers) {
        return withHeads(heads, ofKeys, numbers);
    }

    /**
     * Returns another form with these heads, which together need not be as wide as the hidden state.
     *
     * @param ofQueries heads of queries
     * @param ofKeys heads of keys and values, must divide those of queries
     * @param numbers width of one head
     * @return a new form
     */
    public DecoderShape withHeads(int ofQueries, int ofKeys, int numbers) {
        DecoderShape shape = new DecoderShape(this);
        shape.heads = ofQueries;
        shape.keyHeads = ofKeys;
        shape.headWidth = numbers;
        return shape.checked();
    }

    /**
     * Returns another form with this width of the MLPs.
     *
     * @param value outputs of an MLP's first layer
     * @return a new form
     */
    public DecoderShape withHidden(int value) {
        DecoderShape shape = new DecoderShape(this);
        shape.hidden = value;
        return shape.checked();
    }

    /**
     * Returns another form with this activation.
     *
     * @param value φ
     * @return a new form
     */
    public DecoderShape withActivation(Activation value) {
        DecoderShape shape = new DecoderShape(this);
        shape.activation = value;
        return shape.checked();
    }

    /**
     * Returns another form whose MLPs have, or have not, a gate.
     *
     * @param value whether the hidden numbers are φ(W_gate n) ∘ (W_up n)
     * @return a new form
     */
    public DecoderShape withGate(boolean value) {
        DecoderShape shape = new DecoderShape(this);
        shape.gated = value;
        return shape.checked();
    }

    /**
     * Returns another form with this normalisation.
     *
     * @param value how hidden states are normalised
     * @return a new form
     */
    public DecoderShape withNorm(Norm value) {
        DecoderShape shape = new DecoderShape(this);
        shape.norm = value;
        return shape.checked();
    }

    /**
     * Returns another form whose norms stand elsewhere.
     *
     * @param value before or after the branches
     * @return a new form
     */
    public DecoderShape withNormPlace(NormPlace value) {
        DecoderShape shape = new DecoderShape(this);
        shape.normPlace = value;
        return shape.checked();
    }

    /**
     * Returns another form with this ε of all norms.
     *
     * @param value above 0
     * @return a new form
     */
    public DecoderShape withEpsilon(double value) {
        DecoderShape shape = new DecoderShape(this);
        shape.epsilon = value;
        return shape.checked();
    }

    /**
     * Returns another form whose queries and keys are normalised otherwise.
     *
     * @param value whether, and how
     * @return a new form
     */
    public DecoderShape withQueryKeyNorm(QueryKeyNorm value) {
        DecoderShape shape = new DecoderShape(this);
        shape.queryKeyNorm = value;
        return shape.checked();
    }

    /**
     * Returns another form with rotary positions in place of learned ones.
     *
     * @param value the positions
     * @return a new form
     */
    public DecoderShape withRotary(RotaryPositions value) {
        DecoderShape shape = new DecoderShape(this);
        shape.rotary = Optional.of(value);
        return shape.checked();
    }

    /**
     * Returns another form with sliding windows.
     *
     * @param value for each block how many positions, its own included, a position sees; empty for all
     * @return a new form
     * @throws IllegalArgumentException if there is not one for each block, or one is not positive
     */
    public DecoderShape withWindows(List<OptionalInt> value) {
        for (OptionalInt window : value) {
            if (window.isPresent() && window.getAsInt() < 1) {
                throw new IllegalArgumentException("a window of " + window.getAsInt() + " positions");
            }
        }
        DecoderShape shape = new DecoderShape(this);
        shape.windows = List.copyOf(value);
        return shape.checked();
    }

    /**
     * Returns another form whose branches read the same x, or one after the other.
     *
     * @param value whether attention and MLP of a block both read the block's input
     * @return a new form
     */
    public DecoderShape withParallelBranches(boolean value) {
        DecoderShape shape = new DecoderShape(this);
        shape.parallel = value;
        return shape.checked();
    }

    /**
     * Returns another form with these biases; the head has none.
     *
     * @param queryKeyValue at queries, keys and values
     * @param attentionOutput at the attention's output
     * @param mlp at all maps of the MLPs
     * @return a new form
     */
    public DecoderShape withBiases(boolean queryKeyValue, boolean attentionOutput, boolean mlp) {
        DecoderShape shape = new DecoderShape(this);
        shape.queryKeyValueBias = queryKeyValue;
        shape.attentionOutputBias = attentionOutput;
        shape.mlpBias = mlp;
        return shape.checked();
    }

    /**
     * Returns another form whose head is, or is not, the embedding.
     *
     * @param value whether they are one
     * @return a new form
     */
    public DecoderShape withTied(boolean value) {
        DecoderShape shape = new DecoderShape(this);
        shape.tied = value;
        return shape.checked();
    }

    /**
     * Returns another form with other names.
     *
     * @param value names, and layout of the attention's projections
     * @return a new form
     */
    public DecoderShape withNaming(Naming value) {
        DecoderShape shape = new DecoderShape(this);
        shape.naming = value;
        return shape.checked();
    }

    /**
     * Returns the number of token ids, 0 to vocabulary − 1.
     *
     * @return at least 2
     */
    public int vocabulary() {
        return vocabulary;
    }

    /**
     * Returns the most tokens of a sequence.
     *
     * @return at least 2
     */
    public int context() {
        return context;
    }

    /**
     * Returns the number of blocks.
     *
     * @return at least 1
     */
    public int blocks() {
        return blocks;
    }

    /**
     * Returns d, the numbers of a hidden state.
     *
     * @return at least 1
     */
    public int width() {
        return width;
    }

    /**
     * Returns the number of heads of queries.
     *
     * @return at least 1
     */
    public int heads() {
        return heads;
    }

    /**
     * Returns the number of heads of keys and values.
     *
     * @return a divisor of the heads of queries
     */
    public int keyHeads() {
        return keyHeads;
    }

    /**
     * Returns the numbers of one head.
     *
     * @return at least 1
     */
    public int headWidth() {
        return headWidth;
    }

    /**
     * Returns the width of the MLPs.
     *
     * @return at least 1
     */
    public int hidden() {
        return hidden;
    }

    /**
     * Returns the activation.
     *
     * @return φ
     */
    public Activation activation() {
        return activation;
    }

    /**
     * Returns whether the MLPs have a gate.
     *
     * @return whether the hidden numbers are φ(W_gate n) ∘ (W_up n)
     */
    public boolean gated() {
        return gated;
    }

    /**
     * Returns how hidden states are normalised.
     *
     * @return the norm
     */
    public Norm norm() {
        return norm;
    }

    /**
     * Returns whether the head is the embedding.
     *
     * @return whether they are one
     */
    public boolean tied() {
        return tied;
    }

    /**
     * Returns how layers are named.
     *
     * @return the family
     */
    public Naming naming() {
        return naming;
    }

    /**
     * Returns the number of parameters.
     *
     * @return all of them, embeddings included
     */
    public long parameters() {
        return ParameterLayout.of(this).size();
    }

    boolean centred() {
        return norm == Norm.LAYER;
    }

    boolean normsAfter() {
        return normPlace == NormPlace.AFTER;
    }

    double epsilon() {
        return epsilon;
    }

    QueryKeyNorm queryKeyNorm() {
        return queryKeyNorm;
    }

    Optional<RotaryPositions> rotary() {
        return rotary;
    }

    boolean parallel() {
        return parallel;
    }

    /** How many positions a position of a block sees at most. */
    int window(int block) {
        return windows.isEmpty() ? Integer.MAX_VALUE : windows.get(block).orElse(Integer.MAX_VALUE);
    }

    boolean queryKeyValueBias() {
        return queryKeyValueBias;
    }

    boolean attentionOutputBias() {
        return attentionOutputBias;
    }

    boolean mlpBias() {
        return mlpBias;
    }

    /** Numbers of all queries of a position, and of what attention gives. */
    int queryWidth() {
        return Math.multiplyExact(heads, headWidth);
    }

    /** Numbers of all keys of a position, or all values. */
    int keyWidth() {
        return Math.multiplyExact(keyHeads, headWidth);
    }

    /** Queries, keys and values of a position. */
    int projectionWidth() {
        return Math.addExact(queryWidth(), Math.multiplyExact(2, keyWidth()));
    }

    /** What the first map of an MLP gives: the gate and the other half, where there is a gate. */
    int fcWidth() {
        return gated ? Math.multiplyExact(2, hidden) : hidden;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DecoderShape shape && toString().equals(shape.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** Names every choice: two forms are equal if their texts are. */
    @Override
    public String toString() {
        return "DecoderShape[vocabulary=" + vocabulary + ", context=" + context + ", blocks=" + blocks + ", width="
                + width
                + ", heads=" + heads + ", keyHeads=" + keyHeads + ", headWidth=" + headWidth + ", hidden=" + hidden
                + ", activation=" + activation + ", gated=" + gated + ", norm=" + norm + ", normPlace=" + normPlace
                + ", epsilon=" + epsilon + ", queryKeyNorm=" + queryKeyNorm + ", rotary=" + rotary + ", windows="
                + windows
                + ", parallel=" + parallel + ", biases=" + queryKeyValueBias + "/" + attentionOutputBias + "/" + mlpBias
                + ", tied=" + tied + ", naming=" + naming + "]";
    }
}
