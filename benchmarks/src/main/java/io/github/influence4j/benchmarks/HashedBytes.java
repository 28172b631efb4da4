package io.github.influence4j.benchmarks;

import java.security.MessageDigest;
import java.security.MessageDigestSpi;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.Security;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes that this process puts through SHA-256: the platform's own digest behind a provider that counts. */
final class HashedBytes {

    private static final String ALGORITHM = "SHA-256";
    private static final String NAME = "counted";
    private static final AtomicLong BYTES = new AtomicLong();
    private static final Provider PLATFORM = platform();

    private HashedBytes() {}

    private static Provider platform() {
        try {
            return MessageDigest.getInstance(ALGORITHM).getProvider();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every platform has " + ALGORITHM, e);
        }
    }

    /** Starts to count. */
    static void count() {
        Security.insertProviderAt(new Counting(), 1);
    }

    /** Stops, and returns how many bytes were counted. */
    static long counted() {
        Security.removeProvider(NAME);
        return BYTES.getAndSet(0);
    }

    private static final class Counting extends Provider {

        private static final long serialVersionUID = 1;

        Counting() {
            super(NAME, "1", "counts what is hashed");
            putService(new Service(this, "MessageDigest", ALGORITHM, Digest.class.getName(), List.of(), Map.of()) {
                @Override
                public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
                    return new Digest();
                }
            });
        }
    }

    private static final class Digest extends MessageDigestSpi {

        private final MessageDigest digest;

        Digest() throws NoSuchAlgorithmException {
            digest = MessageDigest.getInstance(ALGORITHM, PLATFORM);
        }

        @Override
        protected void engineUpdate(byte input) {
            BYTES.incrementAndGet();
            digest.update(input);
        }

        @Override
        protected void engineUpdate(byte[] input, int offset, int length) {
            BYTES.addAndGet(length);
            digest.update(input, offset, length);
        }

        @Override
        protected byte[] engineDigest() {
            return digest.digest();
        }

        @Override
        protected void engineReset() {
            digest.reset();
        }
    }
}
