package io.github.influence4j.dl4j;

import io.github.influence4j.adapter.Convolution;
import io.github.influence4j.adapter.Convolution.Size;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import java.nio.FloatBuffer;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.util.ConvolutionUtils;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A layer of the copy whose inputs and output gradients are copied out while DL4J goes backwards through it. */
final class TracedLayer {

    private final LayerSpec spec;
    private final Layer layer;
    private final Optional<ConvolutionLayer> convolution;
    private final Floats inputs = new Floats();
    private final Floats gradients = new Floats();
    private long[] inputShape = new long[0];
    private long[] gradientShape = new long[0];
    private boolean wanted;

    TracedLayer(LayerSpec spec, Layer layer, Optional<ConvolutionLayer> convolution) {
        this.spec = spec;
        this.layer = layer;
        this.convolution = convolution;
    }

    LayerSpec spec() {
        return spec;
    }

    /** Says whether the next pass has to copy. */
    void prepare(boolean isWanted) {
        wanted = isWanted;
        gradientShape = new long[0];
    }

    /** Takes the gradient at the layer's outputs. Runs inside DL4J's workspaces, so numbers are copied out. */
    void record(INDArray gradient) {
        if (!wanted) {
            return;
        }
        if (gradientShape.length > 0) {
            throw new IllegalStateException("layer " + spec.name() + ": ran twice in one pass");
        }
        gradientShape = gradient.shape();
        inputShape = layer.input().shape();
        gradients.copy(gradient);
        inputs.copy(layer.input());
    }

    /** The capture of the last pass. */
    LayerCapture capture(int n) {
        if (gradientShape.length == 0) {
            throw new IllegalStateException(
                    "layer " + spec.name() + ": no gradient came through; is a frozen layer above it?");
        }
        if (inputShape[0] != n) {
            throw new IllegalStateException("layer " + spec.name() + ": expected " + n + " rows, one an example, found "
                    + inputShape[0] + ": layers inside recurrent networks cannot be traced");
        }
        if (convolution.isEmpty()) {
            return LayerCapture.of(spec, packed(inputs, n, spec.inputs()), packed(gradients, n, spec.outputs()));
        }
        Size in = new Size((int) inputShape[2], (int) inputShape[3]);
        Size out = new Size((int) gradientShape[2], (int) gradientShape[3]);
        Convolution geometry = geometry(convolution.get(), (int) inputShape[1], in, out);
        return LayerCapture.of(
                spec,
                n,
                out.height() * out.width(),
                geometry.patches(inputs.values(), n, in, out, 0),
                geometry.pixels(gradients.values(), n, out, 0));
    }

    private static Matrix packed(Floats values, int rows, int columns) {
        return Matrix.of(FloatBuffer.wrap(values.values()), rows, columns, columns);
    }

    private static Convolution geometry(ConvolutionLayer conf, int channels, Size in, Size out) {
        int[] padding = conf.getConvolutionMode() == ConvolutionMode.Same
                ? ConvolutionUtils.getSameModeTopLeftPadding(
                        new int[] {out.height(), out.width()},
                        new int[] {in.height(), in.width()},
                        conf.getKernelSize(),
                        conf.getStride(),
                        conf.getDilation())
                : conf.getPadding();
        return new Convolution(
                channels,
                Math.toIntExact(conf.getNOut()),
                1,
                size(conf.getKernelSize()),
                size(conf.getStride()),
                size(padding),
                size(conf.getDilation()));
    }

    private static Size size(int[] pair) {
        return new Size(pair[0], pair[1]);
    }
}
