package io.github.influence4j.dl4j;

import io.github.influence4j.adapter.OutputGradients;
import io.github.influence4j.api.Objective;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/** Stands in for the network's loss function and gives the gradient of the objective that is asked for. */
final class ObjectiveLoss implements ILossFunction {

    private static final long serialVersionUID = 1;

    private final transient TracedLayer layer;
    private final transient OutputGradients gradients;
    private final boolean softmax;
    private transient Objective objective = new Objective.TrainingLoss();
    private transient double[][] targets = new double[0][];
    private transient long[] ids = new long[0];

    ObjectiveLoss(TracedLayer layer, OutputGradients gradients, boolean softmax) {
        this.layer = layer;
        this.gradients = gradients;
        this.softmax = softmax;
    }

    /** Says what the next pass is about. */
    void prepare(Objective nextObjective, double[][] nextTargets, long[] nextIds) {
        objective = nextObjective;
        targets = nextTargets;
        ids = nextIds;
    }

    @Override
    public INDArray computeGradient(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
        // the softmax belongs to the loss; any other activation lies between the layer and the loss
        INDArray outputs = softmax ? preOutput : activation.getActivation(preOutput.dup(), true);
        int n = Math.toIntExact(outputs.size(0));
        int o = Math.toIntExact(outputs.size(1));
        double[] values = outputs.dup('c').data().asDouble();
        float[] packed = new float[n * o];
        double[] row = new double[o];
        double[] result = new double[o];
        for (int e = 0; e < n; e++) {
            System.arraycopy(values, e * o, row, 0, o);
            gradients.compute(row, targets[e], objective, ids[e], 0, result);
            for (int c = 0; c < o; c++) {
                packed[e * o + c] = (float) result[c];
            }
        }
        INDArray delta = Nd4j.create(packed, new long[] {n, o}, 'c').castTo(preOutput.dataType());
        if (!softmax) {
            delta = activation.backprop(preOutput.dup(), delta).getFirst();
        }
        layer.record(delta);
        return delta;
    }

    @Override
    public double computeScore(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask, boolean average) {
        return 0; // nobody asks for it
    }

    @Override
    public INDArray computeScoreArray(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask) {
        return Nd4j.zeros(preOutput.dataType(), preOutput.size(0), 1);
    }

    @Override
    public Pair<Double, INDArray> computeGradientAndScore(
            INDArray labels, INDArray preOutput, IActivation activation, @Nullable INDArray mask, boolean average) {
        return Pair.of(0.0, computeGradient(labels, preOutput, activation, mask));
    }

    @Override
    public String name() {
        return "objective";
    }
}
