package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs kronfluence in a Python process of its own on the files of a workload.
 *
 * @param tree kronfluence's source tree
 * @param python a Python with torch, safetensors, accelerate, einops and opt_einsum
 * @param threads threads of PyTorch
 * @param device where PyTorch computes
 */
record PeerRunner(Path tree, Path python, int threads, Device device) {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String SCRIPT = "peer_runner.py";
    private static final int LOG_TAIL = 4000;

    /**
     * What one run gave.
     *
     * @param run times and scores
     * @param sgemmGflops rate of PyTorch's plain products in the same process
     * @param torch version of PyTorch
     */
    record Result(PipelineRun run, double sgemmGflops, String torch) {}

    /** Writes what the peer reads. */
    static void prepare(WorkloadData data, Path folder) throws IOException {
        Workload workload = data.workload();
        data.write(folder.resolve("data.safetensors"));
        Map<String, Object> description = Map.of(
                "activation", workload.activation().name(),
                "loss", workload.loss().name(),
                "layers", workload.layers().size(),
                "lowRank", workload.lowRank() ? Workload.RANK : 0,
                "peerBatchSize", workload.peerBatchSize());
        Files.writeString(folder.resolve("workload.json"), JSON.writeValueAsString(description));
        try (InputStream script = PeerRunner.class.getResourceAsStream(SCRIPT)) {
            if (script == null) {
                throw new IllegalStateException(SCRIPT + " is missing from the jar");
            }
            Files.copy(script, folder.resolve(SCRIPT), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /**
     * Runs all stages once on a prepared folder.
     *
     * @throws IllegalStateException if the process fails, with the end of its output
     */
    Result run(Workload workload, Path folder) throws IOException, InterruptedException {
        Path log = folder.resolve("peer.log");
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        python.toString(),
                        folder.resolve(SCRIPT).toString(),
                        tree.toString(),
                        folder.toString(),
                        "--threads",
                        Integer.toString(threads),
                        "--device",
                        device.key(),
                        "--sgemm-order",
                        Integer.toString(device.sgemmOrder())))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        builder.environment().put("MKL_NUM_THREADS", Integer.toString(threads));
        int status = builder.start().waitFor();
        if (status != 0) {
            String output = Files.readString(log);
            throw new IllegalStateException("kronfluence ended with status " + status + " on " + workload.name() + ": "
                    + output.substring(Math.max(0, output.length() - LOG_TAIL)));
        }
        JsonNode result = JSON.readTree(Files.readString(folder.resolve("result.json")));
        Map<Stage, Double> seconds = new EnumMap<>(Stage.class);
        for (Stage stage : workload.stages()) {
            seconds.put(stage, result.path("seconds").path(stage.key()).asDouble());
        }
        PipelineRun run = new PipelineRun(
                seconds,
                PythonScript.numbers(folder.resolve("pairwise.f32")),
                PythonScript.numbers(folder.resolve("self.f32")));
        return new Result(
                run, result.path("sgemmGflops").asDouble(), result.path("torch").asString());
    }
}
