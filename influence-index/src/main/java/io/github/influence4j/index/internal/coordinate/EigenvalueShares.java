package io.github.influence4j.index.internal.coordinate;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** Functions of the eigenvalues of a curvature, layer by layer, [o, i] row-major. */
public final class EigenvalueShares {

    private EigenvalueShares() {}

    /**
     * Returns the variance of whitened coordinates, v = Λ/(Λ+λ); 0 where both are 0.
     *
     * @param curvature the curvature
     * @param damping λ
     * @return v of each layer
     * @throws IllegalArgumentException if a layer has no eigenvalues
     */
    public static List<double[]> of(EigenbasisCurvature curvature, LayerDamping damping) {
        return each(curvature, damping, lambda -> value -> value > 0 ? value / (value + lambda) : 0);
    }

    /**
     * Returns what whitened coordinates of a question are multiplied with for another damping, (Λ+λ)/(Λ+λ'); 0 where Λ+λ' is 0.
     *
     * @param curvature the curvature
     * @param from λ of the whitened coordinates of both sides
     * @param to λ'
     * @return the factors of each layer
     * @throws IllegalArgumentException if a layer has no eigenvalues
     */
    public static List<double[]> reweighting(EigenbasisCurvature curvature, LayerDamping from, LayerDamping to) {
        List<double[]> factors = each(curvature, from, lambda -> value -> value + lambda);
        List<double[]> divisors = each(curvature, to, lambda -> value -> value + lambda);
        for (int l = 0; l < factors.size(); l++) {
            double[] factor = factors.get(l);
            for (int k = 0; k < factor.length; k++) {
                double divisor = divisors.get(l)[k];
                factor[k] = divisor > 0 ? factor[k] / divisor : 0;
            }
        }
        return factors;
    }

    private interface OfDamping {
        DoubleUnaryOperator with(double lambda);
    }

    private static List<double[]> each(EigenbasisCurvature curvature, LayerDamping damping, OfDamping function) {
        List<double[]> layers = new ArrayList<>();
        for (LayerCurvature layer : curvature.layerCurvatures()) {
            DoubleUnaryOperator with =
                    function.with(damping.lambda(layer.layer().name()));
            double[][] values = layer.eigenvalues()
                    .orElseThrow(() -> new IllegalArgumentException("layer "
                            + layer.layer().name()
                            + ": the identity has no eigenvalues that would tell leading coordinates; keep signs"))
                    .toArray();
            int columns = values[0].length;
            double[] all = new double[values.length * columns];
            for (int k = 0; k < all.length; k++) {
                all[k] = with.applyAsDouble(values[k / columns][k % columns]);
            }
            layers.add(all);
        }
        return layers;
    }
}
