package io.github.influence4j.dl4j;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Batch normalisation as it is after training: with the stored mean and variance, and so with the gradient of a fixed scale
 * for each channel. (DL4J goes backwards through the statistics of the batch, whatever went forwards.)
 */
final class FrozenBatchNormalization extends BaseWrapperLayer {

    private static final long serialVersionUID = 1;

    private final BatchNormalization layer;

    FrozenBatchNormalization(BatchNormalization layer) {
        super(layer);
        this.layer = layer;
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        return layer.activate(false, workspaces);
    }

    @Override
    public INDArray activate(INDArray input, boolean training, LayerWorkspaceMgr workspaces) {
        return layer.activate(input, false, workspaces);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        int channel = epsilon.rank() == 4 && layer.layerConf().getCnn2DFormat() == CNN2DFormat.NHWC ? 3 : 1;
        INDArray below = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon);
        Broadcast.mul(below, slopes().castTo(below.dataType()), below, channel);
        return new Pair<>(new DefaultGradient(), below);
    }

    /** γ / √(σ² + ε), one number a channel. */
    private INDArray slopes() {
        INDArray variance = layer.layerConf().isUseLogStd()
                ? Transforms.pow(
                        Transforms.exp(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_LOG_STD)
                                .mul(Math.log(10))),
                        2)
                : layer.getParam(BatchNormalizationParamInitializer.GLOBAL_VAR);
        INDArray deviation = Transforms.sqrt(variance.add(layer.layerConf().getEps()));
        INDArray slopes;
        if (layer.layerConf().isLockGammaBeta()) {
            // DL4J applies a fixed γ only if a fixed β is set too
            boolean applied =
                    layer.layerConf().getGamma() != 1 && layer.layerConf().getBeta() != 0;
            slopes = deviation.rdiv(applied ? layer.layerConf().getGamma() : 1);
        } else {
            slopes = layer.getParam(BatchNormalizationParamInitializer.GAMMA).div(deviation);
        }
        return slopes.reshape(slopes.length());
    }
}
