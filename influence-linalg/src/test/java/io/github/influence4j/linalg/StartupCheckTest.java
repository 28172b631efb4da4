package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.linalg.ejml.EjmlBackend;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

class StartupCheckTest {

    @Test
    void refusesABackendThatComputesWrongEigenvectors() {
        MatrixBackend right = new EjmlBackend();
        MatrixBackend wrong = (MatrixBackend) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {MatrixBackend.class}, (proxy, method, arguments) -> {
                    Object result;
                    try {
                        result = method.invoke(right, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    if (result instanceof SymmetricEigen eigen) {
                        right.addScaled(
                                0.5, eigen.vectors().rows(3, 1), eigen.vectors().rows(4, 1));
                    }
                    return result;
                });
        StartupCheck.verify(right, 20);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> StartupCheck.verify(wrong, 20));
        assertTrue(e.toString().contains("computes wrong numbers"), e.toString());
    }
}
