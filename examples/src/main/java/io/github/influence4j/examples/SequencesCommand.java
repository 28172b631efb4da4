package io.github.influence4j.examples;

import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.sequences.SequenceOptions;
import io.github.influence4j.examples.sequences.SequenceStudy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code sequences}. */
@Command(
        name = "sequences",
        description = {
            "Trains small language models on halves of a corpus, and without what methods call most helpful, and compares"
                    + " what estimators had foretold.",
            "As it stands it trains some 210 models on two cores and less than an hour: 120 on halves, 90 without sequences.",
            "Writes results.md. What was done before in the same folder is not done again."
        },
        sortOptions = false)
final class SequencesCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder of the results (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("sequences");

    @Option(names = "--seeds", description = "networks that are explained (default: ${DEFAULT-VALUE})")
    private int seeds = 2;

    @Option(names = "--sequences", description = "training sequences, at most 6000 (default: ${DEFAULT-VALUE})")
    private int sequences = SequenceOptions.defaults().sequences();

    @Option(names = "--topics", description = "facts that they state, at most 360 (default: ${DEFAULT-VALUE})")
    private int topics = SequenceOptions.defaults().topics();

    @Option(names = "--facts", description = "questions about facts (default: ${DEFAULT-VALUE})")
    private int facts = SequenceOptions.defaults().facts();

    @Option(names = "--translations", description = "questions about translations (default: ${DEFAULT-VALUE})")
    private int translations = SequenceOptions.defaults().translations();

    @Option(names = "--blocks", description = "blocks of the model (default: ${DEFAULT-VALUE})")
    private int blocks = SequenceOptions.defaults().blocks();

    @Option(names = "--width", description = "width of the model (default: ${DEFAULT-VALUE})")
    private int width = SequenceOptions.defaults().width();

    @Option(names = "--epochs", description = "times that training sees its sequences (default: ${DEFAULT-VALUE})")
    private int epochs = SequenceOptions.defaults().epochs();

    @Option(names = "--halves", description = "random halves that models are trained on (default: ${DEFAULT-VALUE})")
    private int halves = SequenceOptions.defaults().halves();

    @Option(names = "--repeats", description = "models of each half and each removal (default: ${DEFAULT-VALUE})")
    private int repeats = SequenceOptions.defaults().repeats();

    @Option(
            names = "--removed",
            split = ",",
            description = "how many sequences a method removes for each question; 0 for no removal (default:"
                    + " ${DEFAULT-VALUE})")
    private List<Integer> removed = SequenceOptions.defaults().removed();

    @Option(
            names = "--together",
            description = "questions whose sequences are removed together (default: ${DEFAULT-VALUE})")
    private int together = SequenceOptions.defaults().together();

    @Override
    public Integer call() throws IOException {
        PrintWriter console = spec.commandLine().getOut();
        SequenceOptions options = SequenceOptions.defaults()
                .withSequences(sequences)
                .withTopics(topics)
                .withQuestions(facts, translations)
                .withModel(blocks, width, epochs)
                .withTrainings(halves, repeats)
                .withRemoved(removed.equals(List.of(0)) ? List.of() : removed, together);
        String tables = new SequenceStudy(options, out, new ProgressLines(console))
                .run(seeds)
                .tables();
        Files.writeString(out.resolve("results.md"), tables);
        console.println(tables);
        console.flush();
        return 0;
    }
}
