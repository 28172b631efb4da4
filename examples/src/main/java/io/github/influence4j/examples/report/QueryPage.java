package io.github.influence4j.examples.report;

import io.github.influence4j.examples.language.ExplainedQuery;
import io.github.influence4j.examples.language.ExplainedSequence;
import io.github.influence4j.examples.language.ExplainedToken;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What the template of one query's page asks for by name, with every number written out. */
final class QueryPage {

    private final ExplainedQuery query;
    private final ScoreFormat format;

    record Token(String text, String tone, String strength, String title) {}

    record Row(
            int rank,
            String note,
            boolean source,
            boolean spurious,
            String score,
            String bar,
            List<Token> predicted,
            List<Token> read) {}

    record Layer(String name, String share, String bar) {}

    QueryPage(ExplainedQuery query) {
        this.query = query;
        this.format = ScoreFormat.of(Stream.concat(query.helpful().stream(), query.harmful().stream())
                .map(ExplainedSequence::score)
                .toList());
    }

    String title() {
        return query.topic();
    }

    String model() {
        return query.model();
    }

    String prompt() {
        return query.prompt();
    }

    String completion() {
        return query.completion();
    }

    String probability() {
        double p = query.probability();
        return p >= 0.01 ? ScoreFormat.percent(p) : String.format(Locale.ROOT, "%.1e", p);
    }

    String scanned() {
        return ScoreFormat.grouped(query.scores().length);
    }

    String sources() {
        long found = query.helpful().stream().filter(ExplainedSequence::source).count();
        return found + " of " + query.helpful().size();
    }

    boolean hasSources() {
        return query.helpful().stream().anyMatch(ExplainedSequence::source);
    }

    List<Row> helpful() {
        return rows(query.helpful());
    }

    List<Row> harmful() {
        return rows(query.harmful());
    }

    private List<Row> rows(List<ExplainedSequence> sequences) {
        return IntStream.range(0, sequences.size())
                .mapToObj(r -> row(r + 1, sequences.get(r)))
                .toList();
    }

    private Row row(int rank, ExplainedSequence sequence) {
        return new Row(
                rank,
                sequence.note(),
                sequence.source(),
                sequence.spurious(),
                format.signed(sequence.score()),
                format.bar(sequence.score()),
                tokens(sequence, ExplainedToken::predicted),
                tokens(sequence, ExplainedToken::read));
    }

    /** Tones are relative to the strongest token of the sequence: what is asked is which words of it matter. */
    private List<Token> tokens(ExplainedSequence sequence, ToDoubleFunction<ExplainedToken> influence) {
        double strongest = sequence.tokens().stream()
                .mapToDouble(token -> Math.abs(influence.applyAsDouble(token)))
                .max()
                .orElse(0);
        return sequence.tokens().stream()
                .map(token -> token(token.text(), influence.applyAsDouble(token), strongest))
                .toList();
    }

    private Token token(String text, double influence, double strongest) {
        double share = strongest > 0 ? Math.abs(influence) / strongest : 0;
        return new Token(
                text,
                influence >= 0 ? "for" : "against",
                String.format(Locale.ROOT, "%.0f", 100 * share),
                format.signed(influence));
    }

    List<Layer> layers() {
        double largest =
                query.layers().values().stream().mapToDouble(Math::abs).max().orElse(1);
        return query.layers().entrySet().stream()
                .map(entry -> layer(entry, largest))
                .toList();
    }

    private static Layer layer(Map.Entry<String, Double> entry, double largest) {
        return new Layer(
                entry.getKey(),
                ScoreFormat.fixed(100 * entry.getValue(), 1) + " %",
                ScoreFormat.bar(Math.max(0, entry.getValue()), largest));
    }

    String topShare() {
        return ScoreFormat.percent(query.topShare());
    }

    String alpha() {
        return ScoreFormat.fixed(query.tail().alpha(), 1);
    }

    String tailSize() {
        return ScoreFormat.grouped(query.tail().size());
    }

    TailChart chart() {
        return TailChart.of(980, 400, query.scores(), query.tail());
    }
}
