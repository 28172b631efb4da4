package io.github.influence4j.cli;

import io.github.influence4j.api.internal.PlainText;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where the command writes: who watches, and what can be shown there. */
final class Terminal {

    /** On Linux: where standard error goes. */
    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private static final int COLUMNS = 80;

    /** The narrowest help that picocli writes. */
    private static final int FEWEST_COLUMNS = 55;

    /** What Java 18 and later name the encoding of the terminal, what Java 17 names it, and that of the system. */
    private static final Charset CHARSET = Stream.of("stdout.encoding", "sun.stdout.encoding", "native.encoding")
            .map(System::getProperty)
            .filter(Objects::nonNull)
            .findFirst()
            .map(Terminal::charset)
            .orElse(Charset.defaultCharset());

    private Terminal() {}

    private static Charset charset(String name) {
        try {
            return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return Charset.defaultCharset();
        }
    }

    /** Says whether standard error is a terminal; where the platform does not tell, whether input and output are. */
    static boolean isThere() {
        try {
            if (Files.isSymbolicLink(STANDARD_ERROR)) {
                String target = Files.readSymbolicLink(STANDARD_ERROR).toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
            }
        } catch (IOException e) {
            return false;
        }
        Console console = System.console();
        return console != null;
    }

    /** Columns that help is written for: those that the shell says it has, or 80. */
    static int columns(@Nullable String said) {
        boolean number = said != null && said.matches("[1-9][0-9]{0,3}");
        return number ? Math.max(FEWEST_COLUMNS, Integer.parseInt(said)) : COLUMNS;
    }

    /** A stream of the process, in the encoding that {@link #text} looks at. */
    static PrintWriter writer(FileDescriptor stream) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(stream), CHARSET), true);
    }

    /** Makes any text fit to be shown: what would move a cursor, or turn into a question mark, is escaped. */
    static String text(Object any) {
        CharsetEncoder encoder = CHARSET.newEncoder();
        return PlainText.escaped(String.valueOf(any), c -> encoder.canEncode(Character.toString(c)));
    }
}
