package io.github.influence4j.cli;

import io.github.influence4j.index.Estimate;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.index.TopEstimates;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence index query}. */
@Command(
        name = "query",
        description = "Estimates the best and worst training examples of questions from an index.",
        sortOptions = false)
final class IndexQueryCommand implements Callable<Integer> {

    private static final String FILE = "top_estimates.csv";

    @Mixin
    private final Output output = new Output();

    @Option(names = "--index", required = true, paramLabel = "INDEX", description = "what influence index build wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path index;

    @Option(
            names = "--factors",
            required = true,
            paramLabel = "DIR",
            description = "the factors that the index was built with")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path factors;

    @Option(names = "--queries", required = true, paramLabel = "PATH", description = "captures of the measurement")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "how many of the best and of the worst (default: ${DEFAULT-VALUE})")
    private int topK = 10;

    @Option(
            names = "--rescore",
            paramLabel = "PATH",
            description = "captures of the training loss: score the candidates exactly and keep the best K of them")
    private @Nullable Path rescore;

    @Option(
            names = "--candidates",
            paramLabel = "C",
            converter = Batches.CountConverter.class,
            description = "how many best and worst are scored again (default: ten times K)")
    private @Nullable Integer candidates;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the estimates")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Mixin
    private final Computing computing = new Computing();

    @Override
    public Integer call() throws IOException {
        if (candidates != null && rescore == null) {
            throw output.wrong("--candidates says how many are scored again: give --rescore PATH too");
        }
        FactorStore store = FactorStore.open(factors);
        try (GradientIndex opened = GradientIndex.open(index);
                MatrixBackend started = computing.start(
                        output,
                        computing.precisionOr(store.manifest().provenance().precision()));
                CaptureSet asked = CaptureSet.open(queries)) {
            opened.verify();
            if (rescore == null) {
                answer(opened, store, started, asked, provider(store, asked), null);
            } else {
                try (CaptureSet train = CaptureSet.open(rescore)) {
                    CaptureProvider.requireObjective(train, CaptureObjective.TRAINING);
                    answer(opened, store, started, asked, provider(store, asked, train), train);
                }
            }
        }
        return 0;
    }

    private static CaptureProvider provider(FactorStore store, CaptureSet... sets) {
        CaptureProvider.requireObjective(sets[0], CaptureObjective.MEASUREMENT);
        FactorManifest manifest = store.manifest();
        return CaptureProvider.of(manifest.layers(), manifest.provenance().model(), sets);
    }

    private void answer(
            GradientIndex opened,
            FactorStore store,
            MatrixBackend started,
            CaptureSet asked,
            CaptureProvider model,
            @Nullable CaptureSet train)
            throws IOException {
        Files.createDirectories(out);
        try (ProgressOutput progress = output.progress();
                IndexScoring<CapturedExample> scoring = opened.scoring(started, store, model, progress)) {
            int found = train == null ? topK : candidates == null ? 10 * topK : candidates;
            TopEstimates estimates = scoring.topK(asked, found);
            AtomicFile.write(out.resolve(FILE), csv(estimates).getBytes(StandardCharsets.UTF_8));
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("estimates", out.resolve(FILE).toString());
            if (train != null) {
                new ScoreWriter(out, ScoreFormat.CSV).write(scoring.rescore(asked, train, estimates, topK));
                result.put("scores", out.toString());
            }
            result.put("queries", estimates.queryIds().size());
            result.put("training examples", opened.size());
            result.put("lambdas", opened.damping().lambdas().toString());
            result.put("backend", started.description());
            output.print(result);
        }
    }

    private static String csv(TopEstimates estimates) {
        StringBuilder text = new StringBuilder("query,end,rank,train,score,standard_error\n");
        for (int q = 0; q < estimates.queryIds().size(); q++) {
            long query = estimates.queryIds().get(q);
            lines(text, query + ",helpful,", estimates.helpful().get(q));
            lines(text, query + ",harmful,", estimates.harmful().get(q));
        }
        return text.toString();
    }

    private static void lines(StringBuilder text, String start, List<Estimate> row) {
        int rank = 1;
        for (Estimate estimate : row) {
            text.append(start)
                    .append(rank++)
                    .append(',')
                    .append(estimate.trainId())
                    .append(',')
                    .append(estimate.score())
                    .append(',');
            estimate.standardError().ifPresent(text::append);
            text.append('\n');
        }
    }
}
