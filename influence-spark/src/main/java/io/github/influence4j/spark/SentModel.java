package io.github.influence4j.spark;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Base64;

/**
 * A model as it is sent to the JVMs that compute.
 *
 * @param <E> the host's type of an example
 * @param factory opens it
 * @param precision the working precision
 * @param key the same for equal factories
 */
record SentModel<E>(ProviderFactory<E> factory, Precision precision, String key) implements Serializable {

    /** For a use whose name keeps its models from those of others: capture files serve one draw of labels only. */
    static <E> SentModel<E> of(ProviderFactory<E> factory, Precision precision, String use) {
        JacksonAnnotations.require("the driver");
        return new SentModel<>(
                factory,
                precision,
                precision + " " + use + " "
                        + Fingerprint.ofText(
                                Base64.getEncoder().encodeToString(serialised("provider factory", factory))));
    }

    /** Refuses what cannot be sent, before anything is computed. */
    static byte[] serialised(String what, Object sent) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(sent);
        } catch (NotSerializableException e) {
            throw new IllegalArgumentException(
                    "the " + what + " " + sent.getClass().getName()
                            + " cannot be sent to executors: it holds an object of "
                            + e.getMessage()
                            + ", which is not Serializable; let it hold paths and settings, and open the rest"
                            + " where it is used",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Lends the model of this JVM to a task. */
    Loans<GradientProvider<?>>.Loan borrow() throws IOException {
        JacksonAnnotations.require("an executor");
        return ExecutorJvm.PROVIDERS.borrow(
                key,
                factory.sharedByTasks(),
                () -> ExecutorJvm.reading("the model", () -> factory.open(ExecutorJvm.backend(precision))));
    }

    /** What {@link #borrow} lent. */
    @SuppressWarnings("unchecked") // the key names the factory, whose models are of this type
    GradientProvider<E> in(Loans<GradientProvider<?>>.Loan loan) {
        return (GradientProvider<E>) loan.thing();
    }
}
