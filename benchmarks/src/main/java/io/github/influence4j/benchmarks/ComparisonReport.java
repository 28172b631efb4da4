package io.github.influence4j.benchmarks;

import io.github.influence4j.benchmarks.StageEfficiency.Efficiency;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The result of a comparison, as JSON and as a table.
 *
 * @param machine where it was measured
 * @param peer how kronfluence was run
 * @param comparisons one for each workload
 * @param efficiency on captures in memory, where measured
 */
record ComparisonReport(
        Machine machine, PeerRunner peer, List<WorkloadComparison> comparisons, Optional<Efficiency> efficiency) {

    private static final String PIPELINE = "pipeline";
    private static final String WITHOUT_EIGEN = "pipeline without eigen";

    /** One measured stage, or a sum of stages. */
    record Row(String workload, String stage, double peerSeconds, double seconds, double ratio, double floorSeconds) {

        double overFloor() {
            return seconds / floorSeconds;
        }
    }

    /** Every stage of every workload, and the pipeline with and without the eigendecompositions: sums of the medians. */
    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (WorkloadComparison comparison : comparisons) {
            for (Stage stage : comparison.workload().stages()) {
                rows.add(sum(comparison, stage.key(), Set.of(stage)));
            }
            rows.add(sum(comparison, PIPELINE, Stage.PIPELINE));
            rows.add(sum(
                    comparison, WITHOUT_EIGEN, EnumSet.complementOf(EnumSet.of(Stage.EIGEN, Stage.PAIRWISE_LOW_RANK))));
        }
        return rows;
    }

    private static Row sum(WorkloadComparison comparison, String name, Set<Stage> stages) {
        double peerSeconds =
                stages.stream().mapToDouble(comparison::peerSeconds).sum();
        double seconds = stages.stream().mapToDouble(comparison::seconds).sum();
        double floor = stages.stream().mapToDouble(comparison.floors()::get).sum();
        return new Row(comparison.workload().name(), name, peerSeconds, seconds, peerSeconds / seconds, floor);
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
            agreement.put(
                    name,
                    Map.of(
                            "pairwise", comparison.pairwiseAgreement(),
                            "self", comparison.selfAgreement(),
                            "anyPairwise", comparison.differenceOfAny(),
                            "trainAtKinks", comparison.kinks().train().cardinality(),
                            "queriesAtKinks", comparison.kinks().queries().cardinality()));
            cold.put(name, comparison.cold().total());
        }
        json.put("scoreAgreement", agreement);
        json.put("rates", byWorkload(WorkloadComparison::rates));
        json.put("parts", byWorkload(WorkloadComparison::parts));
        for (FurtherPeer peer : FurtherPeer.values()) {
            json.put(peer.key(), furtherRuns(peer));
        }
        json.put("coldSeconds", cold);
        json.put("sgemmOrder", peer.device().sgemmOrder());
        json.put("peerSgemmGflops", peerSgemmGflops());
        efficiency.ifPresent(measured -> {
            json.put("sgemmGflops", measured.rates().sgemm() / 1e9);
            json.put(
                    "overFloor",
                    Map.of(
                            "covariance", measured.covariance().overFloor(),
                            "lambda", measured.lambda().overFloor(),
                            "scoreRank32", measured.scoreRank32().overFloor()));
        });
        json.put("blasCore", machine.blasCore());
        json.put("environment", machine);
        json.put("torch", torch());
        json.put("threads", peer.threads());
        json.put("device", peer.device());
        json.put("runs", comparisons.get(0).runs().size());
        JsonMapper mapper =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        Files.writeString(folder.resolve("results.json"), mapper.writeValueAsString(json) + "\n");
        Files.writeString(folder.resolve("table.md"), table());
    }

    private Map<String, Object> furtherRuns(FurtherPeer peer) {
        Map<String, Object> runs = new LinkedHashMap<>();
        for (WorkloadComparison comparison : comparisons) {
            comparison.further().stream()
                    .filter(other -> other.peer() == peer)
                    .forEach(other -> runs.put(
                            comparison.workload().name(),
                            Map.of("seconds", other.seconds(), "scoresDiffer", comparison.difference(other))));
        }
        return runs;
    }

    /** Seconds of another library beside this one's, in one line. */
    private static String line(WorkloadComparison comparison, FurtherPeer.Run other) {
        String parts = other.seconds().entrySet().stream()
                .map(part -> String.format(
                        Locale.ROOT,
                        "%s %.3g / %.3g",
                        part.getKey(),
                        part.getValue(),
                        comparison.seconds(part.getKey())))
                .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "%s on %s, seconds of one run / of influence4j: %s; scores differ by %.1e of the largest.%n",
                other.peer().key(),
                comparison.workload().name(),
                parts,
                comparison.difference(other));
    }

    private Map<String, Object> byWorkload(Function<WorkloadComparison, Object> what) {
        Map<String, Object> values = new LinkedHashMap<>();
        comparisons.forEach(comparison -> values.put(comparison.workload().name(), what.apply(comparison)));
        return values;
    }

    /** The table, with what one needs to know to read it. */
    String table() {
        List<Row> rows = rows();
        Set<String> columns = new LinkedHashSet<>(rows.stream().map(Row::stage).toList());
        StringBuilder text = new StringBuilder();
        text.append(
                        "Seconds of kronfluence / seconds of influence4j = ratio, and the latter over the least that its flops and bytes take; medians of ")
                .append(comparisons.get(0).runs().size())
                .append(" runs.\n\n| workload | ")
                .append(String.join(" | ", columns))
                .append(" | first run, s | largest difference of scores, of any (examples at a kink) |\n|---|")
                .append("---|".repeat(columns.size() + 2))
                .append('\n');
        for (WorkloadComparison comparison : comparisons) {
            String name = comparison.workload().name();
            text.append("| ").append(name).append(" |");
            for (String column : columns) {
                text.append(rows.stream()
                        .filter(row ->
                                row.workload().equals(name) && row.stage().equals(column))
                        .map(row -> String.format(
                                Locale.ROOT,
                                " %.3g / %.3g = %.3gx, %.2f floors |",
                                row.peerSeconds(),
                                row.seconds(),
                                row.ratio(),
                                row.overFloor()))
                        .findFirst()
                        .orElse(" |"));
            }
            text.append(String.format(
                    Locale.ROOT,
                    " %.3g | pairwise %.1e, self %.1e, %.1e (%d of %d) |%n",
                    comparison.cold().total(),
                    comparison.pairwiseAgreement(),
                    comparison.selfAgreement(),
                    comparison.differenceOfAny(),
                    comparison.kinks().train().cardinality()
                            + comparison.kinks().queries().cardinality(),
                    comparison.workload().train() + comparison.workload().queries()));
        }
        text.append("\nWhat the time of influence4j went into, in one further run.\n\n")
                .append(StageParts.HEADER);
        for (WorkloadComparison comparison : comparisons) {
            text.append(StageParts.lines(comparison.workload().name(), comparison.parts(), comparison.floors()));
        }
        for (WorkloadComparison comparison : comparisons) {
            comparison.further().forEach(other -> text.append('\n').append(line(comparison, other)));
        }
        text.append(String.format(
                Locale.ROOT,
                "%nsgemm of order %d: PyTorch %s %.0f GFLOP/s",
                peer.device().sgemmOrder(),
                torch(),
                peerSgemmGflops()));
        efficiency.ifPresent(measured -> text.append(String.format(
                Locale.ROOT,
                ", influence4j %.0f GFLOP/s. On captures in memory, in floors: covariance %.2f, "
                        + "lambda %.2f, scores of rank 32 %.2f",
                measured.rates().sgemm() / 1e9,
                measured.covariance().overFloor(),
                measured.lambda().overFloor(),
                measured.scoreRank32().overFloor())));
        text.append(String.format(
                Locale.ROOT,
                ".%n%n%s, %d cores, %d threads each, on %s; %s; %s; load average at the start %.2f; %s.%n",
                machine.cpu(),
                machine.cores(),
                peer.threads(),
                peer.device(),
                machine.jdk(),
                machine.backend(),
                machine.loadAverage(),
                machine.time()));
        return text.toString();
    }
}
