package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The digests that FIPS 180-4 gives as examples. */
class FingerprintTest {

    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @Test
    void namesAreSha256() {
        assertEquals(ABC, Fingerprint.ofText("abc"));
        assertEquals(
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                Fingerprint.hex(Fingerprint.sha256()));
        assertEquals("sha256:" + ABC, Fingerprint.ofWeights("a", ByteBuffer.wrap(new byte[] {'b', 'c'})));
        assertNotEquals(
                Fingerprint.ofWeights("a", ByteBuffer.allocate(8)),
                Fingerprint.ofWeights("a", ByteBuffer.allocate(16)));
    }
}
