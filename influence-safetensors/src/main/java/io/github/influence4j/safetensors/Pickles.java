package io.github.influence4j.safetensors;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Recognises what {@code torch.save} and {@code pickle} write: not data but programs, which run when they are read. */
final class Pickles {

    private static final List<String> ENDINGS = List.of(".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt");

    private static final String REASON =
            "a pickle, a program that could do anything when it is read, and is not run here; write the tensors with"
                    + " safetensors.torch.save_file";

    private Pickles() {}

    static boolean isNamedSo(String file) {
        return ENDINGS.stream().anyMatch(file.toLowerCase(Locale.ROOT)::endsWith);
    }

    /** Refuses a file by its first bytes: a zip archive, in which there is a pickle, or a pickle of protocol 2 or later. */
    static void refuse(Path file, byte[] start) {
        boolean archive = start[0] == 'P' && start[1] == 'K' && start[2] == 3 && start[3] == 4;
        boolean bare = (start[0] & 0xff) == 0x80 && start[1] >= 2 && start[1] <= 5;
        if (archive || bare) {
            throw new MalformedFileException(file, "is " + REASON);
        }
    }

    static String instead(List<String> names) {
        return names.isEmpty() ? "" : ", but " + MalformedFileException.quote(names.get(0)) + ": " + REASON;
    }
}
