package io.github.influence4j.benchmarks;

import io.github.influence4j.benchmarks.StageEfficiency.Efficiency;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The result of a comparison, as JSON and as a table.
 *
 * @param machine where it was measured
 * @param threads threads of each side
 * @param comparisons one for each workload
 * @param efficiency on captures in memory
 */
record ComparisonReport(Machine machine, int threads, List<WorkloadComparison> comparisons, Efficiency efficiency) {

    private static final String PIPELINE = "pipeline";

    /** One measured stage, or the sum of the stages. */
    record Row(String workload, String stage, double peerSeconds, double seconds, double ratio) {
        static Row of(String workload, String stage, double peerSeconds, double seconds) {
            return new Row(workload, stage, peerSeconds, seconds, peerSeconds / seconds);
        }
    }

    /** Every stage of every workload; the pipeline is the sum of the medians of its stages. */
    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (WorkloadComparison comparison : comparisons) {
            String name = comparison.workload().name();
            double peerTotal = 0;
            double total = 0;
            for (Stage stage : Stage.values()) {
                Row row = Row.of(name, stage.key(), comparison.peerSeconds(stage), comparison.seconds(stage));
                peerTotal += row.peerSeconds();
                total += row.seconds();
                rows.add(row);
            }
            rows.add(Row.of(name, PIPELINE, peerTotal, total));
        }
        return rows;
    }

    /** Median rate of PyTorch's products over all of its processes. */
    double peerSgemmGflops() {
        return Sgemm.median(comparisons.stream()
                .flatMap(comparison -> comparison.peerRuns().stream())
                .mapToDouble(PeerRunner.Result::sgemmGflops)
                .toArray());
    }

    private String torch() {
        return comparisons.get(0).peerRuns().get(0).torch();
    }

    void write(Path folder) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("rows", rows());
        Map<String, Object> agreement = new LinkedHashMap<>();
        Map<String, Double> cold = new LinkedHashMap<>();
        for (WorkloadComparison comparison : comparisons) {
            String name = comparison.workload().name();
            agreement.put(name, Map.of("pairwise", comparison.pairwiseAgreement(), "self", comparison.selfAgreement()));
            cold.put(name, comparison.cold().total());
        }
        json.put("scoreAgreement", agreement);
        json.put("coldSeconds", cold);
        json.put("sgemmGflops", efficiency.sgemmGflops());
        json.put("peerSgemmGflops", peerSgemmGflops());
        json.put("blasCore", machine.blasCore());
        json.put(
                "efficiency",
                Map.of(
                        "covariance", efficiency.covariance(),
                        "lambda", efficiency.lambda(),
                        "scoreRank32", efficiency.scoreRank32()));
        json.put("environment", machine);
        json.put("torch", torch());
        json.put("threads", threads);
        json.put("runs", comparisons.get(0).runs().size());
        JsonMapper mapper =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        Files.writeString(folder.resolve("results.json"), mapper.writeValueAsString(json) + "\n");
        Files.writeString(folder.resolve("table.md"), table());
    }

    /** The table, with what one needs to know to read it. */
    String table() {
        StringBuilder text = new StringBuilder();
        text.append("Seconds of kronfluence / seconds of influence4j = ratio; medians of ")
                .append(comparisons.get(0).runs().size())
                .append(" runs.\n\n| workload |");
        for (Stage stage : Stage.values()) {
            text.append(' ').append(stage.key()).append(" |");
        }
        text.append(" pipeline | first run, s | largest difference of scores |\n|---|");
        text.append("---|".repeat(Stage.values().length + 3)).append('\n');
        for (WorkloadComparison comparison : comparisons) {
            String name = comparison.workload().name();
            text.append("| ").append(name).append(" |");
            for (Row row : rows()) {
                if (row.workload().equals(name)) {
                    text.append(String.format(
                            Locale.ROOT, " %.3g / %.3g = %.3gx |", row.peerSeconds(), row.seconds(), row.ratio()));
                }
            }
            text.append(String.format(
                    Locale.ROOT,
                    " %.3g | pairwise %.1e, self %.1e |%n",
                    comparison.cold().total(),
                    comparison.pairwiseAgreement(),
                    comparison.selfAgreement()));
        }
        text.append(String.format(
                Locale.ROOT,
                "%nsgemm of order 2048: influence4j %.0f GFLOP/s (%s kernels), PyTorch %s %.0f GFLOP/s. "
                        + "On captures in memory, as fractions of the sgemm rate: covariance %.2f, lambda %.2f, "
                        + "scores of rank 32 %.2f.%n%n",
                efficiency.sgemmGflops(),
                machine.blasCore(),
                torch(),
                peerSgemmGflops(),
                efficiency.covariance(),
                efficiency.lambda(),
                efficiency.scoreRank32()));
        text.append(String.format(
                Locale.ROOT,
                "%s, %d cores, %d threads each; %s; %s; load average at the start %.2f; %s.%n",
                machine.cpu(),
                machine.cores(),
                threads,
                machine.jdk(),
                machine.backend(),
                machine.loadAverage(),
                machine.time()));
        return text.toString();
    }
}
