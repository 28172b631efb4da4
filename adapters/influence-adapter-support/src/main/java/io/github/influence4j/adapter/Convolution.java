package io.github.influence4j.adapter;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * A two-dimensional convolution, as a linear map at every output pixel of the patch that it sees (Grosse and Martens 2016).
 *
 * <p>A grouped convolution is {@code groups} linear maps that share nothing: each is a layer of its own, with its own
 * channels, so that no group's statistics enter another's. Patches have the order of weights [o, channels, kernel height,
 * kernel width]; images are packed [n, channels, height, width].
 *
 * @param inputChannels channels of the image
 * @param outputChannels o, filters of all groups
 * @param groups number of groups; divides both
 * @param kernel height and width of the kernel
 * @param stride vertical and horizontal
 * @param padding rows above and columns to the left of the image; what lies below and to the right follows from the output
 * @param dilation vertical and horizontal
 */
public record Convolution(
        int inputChannels, int outputChannels, int groups, Size kernel, Size stride, Size padding, Size dilation) {

    /**
     * Two numbers, one for each direction.
     *
     * @param height vertical
     * @param width horizontal
     */
    public record Size(int height, int width) {
        int area() {
            return Math.multiplyExact(height, width);
        }
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a size is not positive, padding is negative, or the groups do not divide the channels
     */
    public Convolution {
        if (groups < 1 || inputChannels % groups != 0 || outputChannels % groups != 0) {
            throw new IllegalArgumentException(
                    groups + " groups of " + inputChannels + " input and " + outputChannels + " output channels");
        }
        if (kernel.height < 1
                || kernel.width < 1
                || stride.height < 1
                || stride.width < 1
                || dilation.height < 1
                || dilation.width < 1
                || padding.height < 0
                || padding.width < 0) {
            throw new IllegalArgumentException("a convolution with kernel " + kernel + ", stride " + stride
                    + ", padding " + padding + ", dilation " + dilation);
        }
    }

    /**
     * Describes the layers that this convolution is.
     *
     * @param name the layer's name; groups are called name[0], name[1] and so on
     * @param bias whether there is a bias
     * @return one layer a group
     */
    public List<LayerSpec> layers(String name, boolean bias) {
        List<LayerSpec> layers = new ArrayList<>();
        for (int g = 0; g < groups; g++) {
            layers.add(new LayerSpec(
                    groups == 1 ? name : name + "[" + g + "]",
                    inputChannels / groups * kernel.area(),
                    outputChannels / groups,
                    bias,
                    LayerSpec.Positions.PATCHES));
        }
        return layers;
    }

    /**
     * Returns the patches of a batch of images, which are cut out as they are read.
     *
     * @param images [n, channels, height, width]; not copied
     * @param n images in the batch
     * @param input height and width of an image
     * @param output height and width of the output
     * @param group which group's channels
     * @return [n × output height × output width, channels of a group × kernel height × kernel width]
     */
    public Matrix patches(float[] images, int n, Size input, Size output, int group) {
        return new PatchMatrix(this, images, n, input, output, group);
    }

    /**
     * Returns the output gradients of a batch with one row a pixel.
     *
     * @param gradients [n, o, height, width]; not copied
     * @param n images in the batch
     * @param output height and width of the output
     * @param group which group's filters
     * @return [n × output height × output width, filters of a group]
     */
    public Matrix pixels(float[] gradients, int n, Size output, int group) {
        int filters = outputChannels / groups;
        return new PixelMatrix(gradients, n, outputChannels, output.area(), group * filters, filters);
    }
}
