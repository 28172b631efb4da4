package io.github.influence4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.factory.Nd4j;

class Nd4jMemoryTest {

    private static final int N = 96;

    /** One temporary of 36 KiB left to the garbage collector in every round would show as up to 36 MiB. */
    private static final long BOUND = 20L << 20;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void doesNotGrow(boolean blas) {
        MatrixBackend backend = MatrixBackends.named(blas ? "nd4j" : "nd4j-ops", Precision.FLOAT32);
        float[] host = new float[N * N];
        for (int i = 0; i < host.length; i++) {
            host[i] = (i % 17) / 17f;
        }
        try (BackendMatrix border = backend.zeros(N + 1, N + 1);
                BackendMatrix c = backend.zeros(N, N);
                BackendMatrix sums = backend.zeros(N, N, Precision.FLOAT64)) {
            BackendMatrix a = border.view(1, N, 1, N);
            for (int i = 0; i < 100; i++) {
                everything(backend, Matrix.of(host, N, N), a, c, sums);
            }
            long before = nativeBytes();
            for (int i = 0; i < (blas ? 1000 : 300); i++) {
                everything(backend, Matrix.of(host, N, N), a, c, sums);
            }
            long growth = nativeBytes() - before;

            assertTrue(growth < BOUND, "grew by " + growth + " bytes");
        }
    }

    /** What the process holds beside the Java heap, all of which is in physical memory by -XX:+AlwaysPreTouch. */
    private static long nativeBytes() {
        return Pointer.physicalBytes() - Runtime.getRuntime().totalMemory();
    }

    private static void everything(
            MatrixBackend backend, Matrix host, BackendMatrix a, BackendMatrix c, BackendMatrix sums) {
        backend.upload(host, a);
        backend.multiply(Operand.transposed(a), Operand.of(a), c);
        backend.multiplyBatch(2, 1, Operand.of(a), Operand.of(a).forAll(), 0, c);
        backend.rankUpdate(1, a, 0, c);
        backend.mirrorUpper(c);
        backend.upload(c, sums);
        backend.addScaled(1, a, sums);
        backend.addSquares(1, a, 1, sums);
        backend.shiftedReciprocal(sums, 1, c);
        backend.rowDots(4, a, c, c.view(0, N, 0, 4));
        backend.multiplyElements(a, c, a);
        BackendMatrix small =
                sums.reshape(N * N / 64, 64).rows(0, 8).reshape(16, 32).view(0, 16, 0, 16);
        try (SymmetricEigen eigen = backend.eigen(small);
                ThinSvd svd = backend.svd(small)) {
            backend.addScaled(1, eigen.vectors(), svd.u());
        }
    }

    /** A host that works inside a workspace must get matrices that outlive it. */
    @Test
    void matricesDoNotComeFromTheHostsWorkspace() {
        MatrixBackend backend = MatrixBackends.named("nd4j-ops", Precision.FLOAT32);
        WorkspaceConfiguration configuration =
                WorkspaceConfiguration.builder().initialSize(1 << 20).build();
        BackendMatrix matrix;
        try (MemoryWorkspace workspace =
                Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "host of the test")) {
            matrix = backend.copyOf(Matrix.of(new double[][] {{1, 2}, {3, 4}}), Precision.FLOAT32);
            assertEquals(0, workspace.getPrimaryOffset(), "nothing was taken from the workspace");
        }
        try (BackendMatrix outliving = matrix) {
            assertEquals(4, outliving.toArray()[1][1]);
        }
    }
}
