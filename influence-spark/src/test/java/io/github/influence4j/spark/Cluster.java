package io.github.influence4j.spark;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A master and two workers of Spark's standalone mode on loopback, each a JVM of its own with Spark's jars only, and {@code spark-submit}
 * as a user calls it: the library comes in jars.
 */
final class Cluster implements AutoCloseable {

    private static final long START_SECONDS = 90;

    /** What all these JVMs do most is to start. */
    private static final String QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

    /** Jars that Spark has not, or that it must not have twice. */
    private static final Pattern OURS = Pattern.compile(
            ".*[/\\\\](?:io[/\\\\]github[/\\\\]influence4j|tools[/\\\\]jackson|org[/\\\\]bytedeco|org[/\\\\]ejml|net[/\\\\]java[/\\\\]dev[/\\\\]jna|de[/\\\\]siegmar"
                    + "|org[/\\\\]junit|net[/\\\\]jqwik|org[/\\\\]opentest4j|org[/\\\\]apiguardian|ai[/\\\\]djl|com[/\\\\]hubspot)[/\\\\].*");

    /** Not needed there. */
    private static final Pattern OF_TESTS = Pattern.compile(".*(?:junit|jqwik|opentest4j|apiguardian|surefire).*");

    private final Path home;
    private final int port;
    private final List<Process> processes = new ArrayList<>();
    private final List<Path> ours = new ArrayList<>();
    private final Path program;
    /** Newer than Spark's. */
    private final Path annotations;

    private Cluster(Path home, int port) throws IOException {
        this.home = home;
        this.port = port;
        Path jars = Files.createDirectories(home.resolve("jars"));
        Path own = Files.createDirectories(home.resolve("own"));
        List<Path> tests = new ArrayList<>();
        Path annotations = home;
        for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(element).toAbsolutePath();
            if (Files.isDirectory(path)) {
                Path jar = own.resolve("classes-" + (ours.size() + tests.size()) + ".jar");
                pack(path, jar);
                (path.endsWith("test-classes") ? tests : ours).add(jar);
            } else if (OURS.matcher(element).matches() || isModule(path)) {
                if (!OF_TESTS.matcher(element).matches()) {
                    ours.add(path);
                }
            } else if (element.contains("jackson-annotations")) {
                annotations = path;
            } else if (!OF_TESTS.matcher(element).matches() && element.endsWith(".jar")) {
                Files.createSymbolicLink(jars.resolve(String.valueOf(path.getFileName())), path);
            }
        }
        try (Stream<Path> sparks = Files.list(Path.of("target/spark-jars"))) {
            for (Path jar : sparks.toList()) {
                Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar.toAbsolutePath());
            }
        }
        this.program = tests.get(0);
        this.annotations = annotations;
        ours.addAll(tests.subList(1, tests.size()));
    }

    /** A module of this build, which is a folder of classes or, once it is packaged, a jar beside it. */
    private static boolean isModule(Path path) {
        return String.valueOf(path.getFileName()).startsWith("influence-");
    }

    /** Starts it in an empty folder, with a core for each worker. */
    static Cluster start(Path home) throws IOException, InterruptedException {
        Cluster cluster = new Cluster(home, freePort());
        try {
            cluster.java(
                    "master",
                    "org.apache.spark.deploy.master.Master",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    Integer.toString(cluster.port),
                    "--webui-port",
                    Integer.toString(freePort()));
            cluster.await();
            for (int worker = 0; worker < 2; worker++) {
                cluster.java(
                        "worker-" + worker,
                        "org.apache.spark.deploy.worker.Worker",
                        "--host",
                        "127.0.0.1",
                        "--cores",
                        "1",
                        "--memory",
                        "1g",
                        "--webui-port",
                        Integer.toString(freePort()),
                        "--work-dir",
                        home.resolve("work-" + worker).toString(),
                        cluster.url());
            }
            return cluster;
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            cluster.close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private String url() {
        return "spark://127.0.0.1:" + port;
    }

    private void await() throws InterruptedException {
        for (long waited = 0; waited < START_SECONDS * 10; waited++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException e) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        throw new IllegalStateException("the master does not answer: " + log("master"));
    }

    private Process java(String log, String main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx512m");
        command.addAll(List.of(QUICK_START.split(" ")));
        command.addAll(List.of(opens().split(" ")));
        command.addAll(
                List.of("-cp", annotations + File.pathSeparator + home.resolve("jars") + File.separator + "*", main));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve(log + ".log").toFile());
        Map<String, String> environment = builder.environment();
        environment.put("SPARK_HOME", home.toString());
        environment.put("SPARK_SCALA_VERSION", "2.13");
        environment.put("SPARK_LOCAL_IP", "127.0.0.1");
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        // executors are to take the threads of their task
        environment.remove("OPENBLAS_NUM_THREADS");
        environment.remove("OMP_NUM_THREADS");
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private static String opens() {
        return org.apache.spark.launcher.JavaModuleOptions.defaultModuleOptions();
    }

    /** Runs a program of the tests on executors of one core, with settings of Spark's, and waits for it. */
    void submit(String log, int executors, Map<String, String> settings, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        Map<String, String> all = new TreeMap<>(Map.of(
                "spark.executor.extraClassPath", annotations.toString(),
                "spark.executor.extraJavaOptions", QUICK_START,
                "spark.cores.max", Integer.toString(executors),
                "spark.executor.cores", "1",
                "spark.ui.enabled", "false",
                "spark.sql.shuffle.partitions", "2",
                "spark.driver.host", "127.0.0.1",
                "spark.driver.bindAddress", "127.0.0.1"));
        all.putAll(settings);
        List<String> command = new ArrayList<>(List.of(
                "--master",
                url(),
                "--class",
                main.getName(),
                "--jars",
                String.join(",", ours.stream().map(jar -> "local:" + jar).toList()),
                "--driver-class-path",
                annotations.toString(),
                "--driver-memory",
                "512m",
                "--executor-memory",
                "512m"));
        all.forEach((name, value) -> command.addAll(List.of("--conf", name + "=" + value)));
        command.add(program.toString());
        command.addAll(Arrays.asList(arguments));
        Process process = java(log, "org.apache.spark.deploy.SparkSubmit", command.toArray(String[]::new));
        if (process.waitFor() != 0) {
            throw new IllegalStateException("the program ended with " + process.exitValue() + ": " + log(log));
        }
    }

    /** The end of what a process wrote. */
    String log(String name) {
        try {
            List<String> lines = Files.readAllLines(home.resolve(name + ".log"));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream packed = new JarOutputStream(out);
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                packed.putNextEntry(
                        new JarEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, packed);
                packed.closeEntry();
            }
        }
    }

    @Override
    public void close() {
        for (int p = processes.size() - 1; p >= 0; p--) {
            Process process = processes.get(p);
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
