package io.github.influence4j.linalg.conformance;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.testkit.Tolerances;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Identities of products for whatever shapes, views and transposes. */
class ProductPropertiesTest {

    @BeforeProperty
    void assumeTestable() {
        BackendUnderTest.assumeTestable();
    }

    @Provide
    Arbitrary<BackendUnderTest> backends() {
        return Arbitraries.of(BackendUnderTest.all().toList());
    }

    /** a (b + c) = a b + a c, with operands that are views of one matrix wherever that is possible. */
    @Property(tries = 60)
    void productsDistributeOverSums(
            @ForAll("backends") BackendUnderTest under,
            @ForAll @IntRange(min = 1, max = 20) int m,
            @ForAll @IntRange(min = 1, max = 20) int k,
            @ForAll @IntRange(min = 1, max = 20) int n,
            @ForAll @IntRange(max = 7) int firstRow,
            @ForAll @IntRange(max = 7) int firstColumn,
            @ForAll boolean transposed,
            @ForAll long seed) {
        MatrixBackend backend = under.backend();
        try (Numbers numbers = new Numbers(backend, seed)) {
            BackendMatrix a = numbers.put(transposed ? numbers.random(k, m) : numbers.random(m, k), false);
            BackendMatrix large = numbers.put(numbers.random(k + firstRow + 1, 2 * n + firstColumn + 1), true);
            BackendMatrix b = large.view(firstRow, k, firstColumn, n);
            BackendMatrix c = large.view(firstRow, k, firstColumn + n, n);
            Operand left = new Operand(a, transposed, false);
            BackendMatrix apart = numbers.put(new double[m][n], true);
            BackendMatrix together = numbers.put(new double[m][n], false);
            backend.multiply(left, Operand.of(b), apart);
            backend.multiply(1, left, Operand.of(c), 1, apart);
            backend.addScaled(1, c, b);
            backend.multiply(left, Operand.of(b), together);
            // sums of k products below 1: cancellation may leave little, so the tolerance is of their possible size
            double[][] difference = Numbers.sum(1, apart.toArray(), -1, together.toArray());
            assertClose(
                    new double[][] {{k}},
                    new double[][] {{k + Numbers.distance(difference, new double[m][n])}},
                    Tolerances.reordered(backend.precision()),
                    "a b + a c against a (b + c)");
        }
    }

    /** (a b)ᵀ = bᵀ aᵀ, the right side through a batch of two members. */
    @Property(tries = 60)
    void transposedProductsSwapTheirFactors(
            @ForAll("backends") BackendUnderTest under,
            @ForAll @IntRange(min = 1, max = 16) int m,
            @ForAll @IntRange(min = 1, max = 16) int k,
            @ForAll @IntRange(min = 1, max = 16) int n,
            @ForAll boolean strided,
            @ForAll long seed) {
        MatrixBackend backend = under.backend();
        try (Numbers numbers = new Numbers(backend, seed)) {
            BackendMatrix a = numbers.put(numbers.random(m, k), strided);
            BackendMatrix b = numbers.put(numbers.random(k, n), !strided);
            BackendMatrix ab = numbers.put(new double[m][n], strided);
            BackendMatrix twice = numbers.put(new double[2 * n][m], !strided);
            backend.multiply(Operand.of(a), Operand.of(b), ab);
            backend.multiplyBatch(
                    2, 1, Operand.transposed(b).forAll(), Operand.transposed(a).forAll(), 0, twice);
            double[][] difference =
                    Numbers.sum(1, Numbers.transpose(ab.toArray()), -1, Numbers.rows(twice.toArray(), n, n));
            assertClose(
                    new double[][] {{k}},
                    new double[][] {{k + Numbers.distance(difference, new double[n][m])}},
                    Tolerances.reordered(backend.precision()),
                    "(a b)ᵀ against bᵀ aᵀ");
        }
    }

    /** The dots of the rows of a and b are the diagonal of a bᵀ, whatever the groups. */
    @Property(tries = 60)
    void rowDotsAreDiagonalsOfProducts(
            @ForAll("backends") BackendUnderTest under,
            @ForAll @IntRange(min = 1, max = 12) int rows,
            @ForAll @IntRange(min = 1, max = 6) int groups,
            @ForAll @IntRange(min = 1, max = 12) int width,
            @ForAll boolean strided,
            @ForAll long seed) {
        MatrixBackend backend = under.backend();
        try (Numbers numbers = new Numbers(backend, seed)) {
            double[][] a = numbers.random(rows, groups * width);
            double[][] b = numbers.random(rows, groups * width);
            BackendMatrix dots = numbers.put(new double[rows][groups], strided);
            backend.rowDots(groups, numbers.put(a, !strided), numbers.put(b, strided), dots);
            double[][] all = Numbers.product(a, Numbers.transpose(b));
            double[][] found = dots.toArray();
            double worst = 0;
            for (int r = 0; r < rows; r++) {
                double sum = 0;
                for (double part : found[r]) {
                    sum += part;
                }
                worst = Math.max(worst, Math.abs(sum - all[r][r]));
            }
            int terms = groups * width;
            assertClose(
                    new double[][] {{terms}},
                    new double[][] {{terms + worst}},
                    Tolerances.reordered(backend.precision()),
                    "sum over the groups");
        }
    }
}
