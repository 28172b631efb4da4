package io.github.influence4j.store.captures;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.safetensors.TensorType;

/**
 * Refuses numbers that a type of a file cannot hold: larger ones become infinite, smaller ones 0.
 *
 * @param type the type
 * @param infinite from where on rounding gives infinity
 * @param normal the smallest number with all its digits
 * @param step the distance of the numbers below it
 */
record NarrowType(TensorType type, double infinite, double normal, double step) {

    /** Largest share of Σ x² of an example at a layer that may be lost below the smallest numbers. */
    private static final double LOST = 1e-4;

    /** Numbers read at a time, of a matrix that may lie on a card. */
    private static final int PIECE = 1 << 16;

    /**
     * Checks the captures of a layer.
     *
     * @throws IllegalArgumentException if a finite number would become infinite, or much of an example's numbers 0
     */
    static void require(TensorType type, LayerCapture capture, long[] ids) {
        NarrowType range =
                switch (type) {
                    case F16 -> new NarrowType(type, 0x1.ffep15, 0x1p-14, 0x1p-24);
                    case BF16 -> new NarrowType(type, 0x1.ffp127, 0x1p-126, 0x1p-133);
                    default -> new NarrowType(type, 0x1.ffffffp127, 0x1p-126, 0x1p-149);
                };
        range.require(capture, capture.activations(), "activations", ids);
        range.require(capture, capture.outputGradients(), "output gradients", ids);
    }

    private void require(LayerCapture capture, Matrix matrix, String what, long[] ids) {
        if (type == TensorType.F64 || type == TensorType.F32 && matrix.precision() == Precision.FLOAT32) {
            return;
        }
        int width = matrix.columns();
        int most = Math.max(1, PIECE / Math.max(1, width));
        double[] piece = new double[Math.min(most, matrix.rows()) * width];
        Lost lost = new Lost();
        for (int first = 0; first < matrix.rows(); first += most) {
            int rows = Math.min(most, matrix.rows() - first);
            matrix.read(first, rows, piece, 0);
            for (int row = first; row < first + rows; row++) {
                long id = ids[row / capture.positions()];
                if (row % capture.positions() == 0) {
                    lost = new Lost();
                }
                if (capture.mask().isReal(row)) {
                    add(
                            piece,
                            (row - first) * width,
                            width,
                            lost,
                            capture.layer().name() + ", " + what + " of example " + id);
                }
                boolean last = row % capture.positions() == capture.positions() - 1;
                if (last && lost.squares > LOST * lost.all) {
                    throw refused(
                            capture.layer().name() + ", " + what + " of example " + id,
                            "has numbers that are too small and become 0");
                }
            }
        }
    }

    private void add(double[] numbers, int offset, int width, Lost lost, String where) {
        for (int k = offset; k < offset + width; k++) {
            // files of the narrow types are written by way of float32
            double x = type == TensorType.F32 ? numbers[k] : (float) numbers[k];
            double size = Math.abs(x);
            if (size >= infinite && Double.isFinite(numbers[k])) {
                throw refused(where, "holds " + numbers[k] + ", which becomes infinite");
            }
            // scaled, so that squares of small numbers are not 0
            double scaled = numbers[k] / normal;
            lost.all += scaled * scaled;
            if (size < normal) {
                double off = (numbers[k] - Math.rint(x / step) * step) / normal;
                lost.squares += off * off;
            }
        }
    }

    private IllegalArgumentException refused(String where, String why) {
        return new IllegalArgumentException("layer " + where + ": " + why + " in " + type + "; write "
                + (type == TensorType.F16 ? "BF16, F32" : type == TensorType.BF16 ? "F32" : "") + " or F64");
    }

    /** Σ x² of an example so far, and of what is lost of it. */
    private static final class Lost {
        private double all;
        private double squares;
    }
}
