package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The archives that one installs, unpacked into a folder with a space in its name. Runs behind {@code package}. */
class ArchiveIT {

    @TempDir
    private Path folder;

    private Path place = Path.of("");

    @BeforeEach
    void makePlace() throws IOException {
        place = Files.createDirectory(folder.resolve("a folder"));
    }

    private static Path archive(String format) {
        return Path.of(System.getProperty("influence.archive", "") + format);
    }

    private void unpack(String format) throws IOException, InterruptedException {
        if (format.equals(".tar.gz")) {
            Process tar = new ProcessBuilder("tar", "-xzf", archive(format).toString(), "-C", place.toString())
                    .inheritIO()
                    .start();
            assertEquals(0, tar.waitFor());
            return;
        }
        // with the permissions that the archive notes
        Map<String, ?> permissions = Map.of("enablePosixFileAttributes", true);
        try (FileSystem zip = FileSystems.newFileSystem(archive(format), permissions);
                Stream<Path> files = Files.walk(zip.getPath("/"))) {
            for (Path file : files.toList()) {
                Path target = place.resolve(file.toString().substring(1));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                    if (!OS.WINDOWS.isCurrentOs()) {
                        Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(file));
                    }
                }
            }
        }
    }

    private Path home() throws IOException {
        try (Stream<Path> unpacked = Files.list(place)) {
            return unpacked.findFirst().orElseThrow();
        }
    }

    private Ran run(Path launcher, String options, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        Path err = folder.resolve("err");
        ProcessBuilder process = new ProcessBuilder(command).redirectError(err.toFile());
        process.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process.environment().put("INFLUENCE_OPTS", options);
        Process running = process.start();
        String out = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(running.waitFor(), out, Files.readString(err));
    }

    @ParameterizedTest
    @ValueSource(strings = {".tar.gz", ".zip"})
    void runsFromWhereItIsUnpacked(String format) throws IOException, InterruptedException {
        unpack(format);
        for (String file :
                List.of("LICENSE", "README.md", "completion/influence", "bin/influence", "bin/influence.bat")) {
            assertTrue(Files.isRegularFile(home().resolve(file)), file);
        }
        Path launcher = home().resolve(OS.WINDOWS.isCurrentOs() ? "bin/influence.bat" : "bin/influence");
        Ran version = run(launcher, "-Xmx200m -Dfile.encoding=UTF-8", "--version");
        assertEquals(0, version.exitCode(), version.err());
        assertEquals("", version.err());
        Provenance here = Provenance.here("", Precision.FLOAT32, Optional.empty());
        assertTrue(version.out().contains(here.libraryVersion()), version.out());
        assertTrue(version.out().contains(here.runtime()), version.out());
        assertTrue(version.out().contains("openblas: OpenBLAS 0.3."), version.out());
        assertTrue(version.out().contains(" threads)"), version.out());

        Path captures = RandomShards.write(folder.resolve("some captures"), CaptureObjective.TRAINING);
        Ran inspected = run(launcher, "", "inspect", captures.toString());
        assertEquals(0, inspected.exitCode(), inspected.err());
        assertEquals(Influence.run("inspect", captures.toString()).out(), inspected.out());
        assertEquals(
                4,
                run(launcher, "", "inspect", folder.resolve("not there").toString())
                        .exitCode());
        Ran nothing = run(launcher, "-Dinfluence.backend=nosuch", "--version");
        assertTrue(nothing.out().contains("nothing in float32: there is no matrix backend 'nosuch'"), nothing.out());
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void runsOverLinksAndCompletes() throws IOException, InterruptedException {
        unpack(".tar.gz");
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Path link = Files.createSymbolicLink(bin.resolve("linked"), bin.relativize(home().resolve("bin/influence")));
        Path again = Files.createSymbolicLink(folder.resolve("again"), link);
        assertEquals(0, run(again, "", "--version").exitCode());
        String completion = Files.readString(home().resolve("completion/influence"));
        assertEquals(Influence.run("generate-completion").out().strip(), completion.strip());
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void saysWhatIsMissingWithoutJava() throws IOException, InterruptedException {
        unpack(".tar.gz");
        ProcessBuilder process =
                new ProcessBuilder(home().resolve("bin/influence").toString(), "--version");
        process.environment().put("JAVA_HOME", "/no/such folder");
        Process running = process.start();
        assertEquals(4, running.waitFor());
        String err = new String(running.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(
                "influence: there is no /no/such folder/bin/java; install Java 17 or later, or have JAVA_HOME name its folder\n",
                err);
    }
}
