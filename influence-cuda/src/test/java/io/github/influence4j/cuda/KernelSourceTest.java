package io.github.influence4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What ships is what compile.sh makes of the source that is read and tested. */
class KernelSourceTest {

    @Test
    void textWasMadeOfThisSource() throws IOException, NoSuchAlgorithmException {
        byte[] source = Files.readAllBytes(Path.of("src/main/cuda/kernels.cu"));
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(source));
        try (InputStream in = Objects.requireNonNull(CudaKernels.class.getResourceAsStream("kernels.ptx"))) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            assertEquals(
                    "// sha256 of kernels.cu: " + hash,
                    text.lines().findFirst().orElse(""),
                    "kernels.cu changed: run src/main/cuda/compile.sh");
            assertTrue(text.contains(".version 6.4"), "older drivers refuse newer PTX");
        }
    }
}
