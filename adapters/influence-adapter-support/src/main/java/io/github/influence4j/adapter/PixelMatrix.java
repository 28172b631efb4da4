package io.github.influence4j.adapter;

/** Some channels of a batch of images, with one row a pixel. */
final class PixelMatrix extends ComputedRows {

    private final float[] images;
    private final int channels;
    private final int pixels;
    private final int firstChannel;

    PixelMatrix(float[] images, int n, int channels, int pixels, int firstChannel, int count) {
        super(Math.multiplyExact(n, pixels), count);
        this.images = images;
        this.channels = channels;
        this.pixels = pixels;
        this.firstChannel = firstChannel;
        if (images.length < Math.multiplyExact(n * channels, pixels)) {
            throw new IllegalArgumentException("gradients must hold " + n + " x " + channels + " x " + pixels
                    + " numbers, found " + images.length);
        }
    }

    @Override
    void fill(int firstRow, int rowCount, float[] target, int offset) {
        int k = offset;
        for (int row = firstRow; row < firstRow + rowCount; row++) {
            int start = (row / pixels * channels + firstChannel) * pixels + row % pixels;
            for (int c = 0; c < columns(); c++) {
                target[k++] = images[start + c * pixels];
            }
        }
    }
}
