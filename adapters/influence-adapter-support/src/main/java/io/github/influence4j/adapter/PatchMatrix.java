package io.github.influence4j.adapter;

import io.github.influence4j.adapter.Convolution.Size;

/** The patches that a convolution sees, cut out of the images when they are read. */
final class PatchMatrix extends ComputedRows {

    private final Convolution convolution;
    private final float[] images;
    private final Size input;
    private final Size output;
    private final int firstChannel;
    private final int channels;

    PatchMatrix(Convolution convolution, float[] images, int n, Size input, Size output, int group) {
        super(
                Math.multiplyExact(n, output.area()),
                convolution.inputChannels()
                        / convolution.groups()
                        * convolution.kernel().area());
        this.convolution = convolution;
        this.images = images;
        this.input = input;
        this.output = output;
        this.channels = convolution.inputChannels() / convolution.groups();
        this.firstChannel = group * channels;
        if (images.length < Math.multiplyExact(n * convolution.inputChannels(), input.area())) {
            throw new IllegalArgumentException("images must hold " + n + " x " + convolution.inputChannels() + " x "
                    + input.area() + " numbers, found " + images.length);
        }
    }

    @Override
    void fill(int firstRow, int rowCount, float[] target, int offset) {
        int pixels = output.area();
        int k = offset;
        for (int row = firstRow; row < firstRow + rowCount; row++) {
            int image = row / pixels * convolution.inputChannels();
            int top = row % pixels / output.width() * convolution.stride().height()
                    - convolution.padding().height();
            int left = row % output.width() * convolution.stride().width()
                    - convolution.padding().width();
            for (int c = 0; c < channels; c++) {
                int plane = (image + firstChannel + c) * input.area();
                for (int ky = 0; ky < convolution.kernel().height(); ky++) {
                    int y = top + ky * convolution.dilation().height();
                    boolean inside = y >= 0 && y < input.height();
                    int line = plane + y * input.width();
                    for (int kx = 0; kx < convolution.kernel().width(); kx++) {
                        int x = left + kx * convolution.dilation().width();
                        target[k++] = inside && x >= 0 && x < input.width() ? images[line + x] : 0;
                    }
                }
            }
        }
    }
}
