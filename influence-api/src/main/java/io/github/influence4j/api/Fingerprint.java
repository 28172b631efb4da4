package io.github.influence4j.api;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Names for exact contents, by which weights, data and options are told apart: SHA-256 (FIPS 180-4).
 *
 * @see GradientProvider#fingerprint
 */
public final class Fingerprint {

    private Fingerprint() {}

    /**
     * Names the weights of a model.
     *
     * @param form what the weights are of: shapes, layers, configuration
     * @param weights all weights, in an order of their own; read to the end
     * @return {@code sha256:} and 64 hexadecimal digits
     */
    public static String ofWeights(String form, ByteBuffer weights) {
        MessageDigest digest = sha256();
        digest.update(form.getBytes(StandardCharsets.UTF_8));
        digest.update(weights);
        return "sha256:" + hex(digest);
    }

    /**
     * Names a text.
     *
     * @param text any text
     * @return 64 hexadecimal digits, of its bytes in UTF-8
     */
    public static String ofText(String text) {
        MessageDigest digest = sha256();
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return hex(digest);
    }

    /**
     * Starts a digest of something that comes piece by piece.
     *
     * @return SHA-256 of nothing yet
     */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Ends a digest.
     *
     * @param digest has been given all there is
     * @return its hexadecimal digits
     */
    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
