package io.github.influence4j.cli;

import com.samskivert.mustache.Mustache;
import io.github.influence4j.cli.Report.Entry;
import io.github.influence4j.cli.Report.Found;
import io.github.influence4j.cli.Report.Question;
import io.github.influence4j.cli.Report.Share;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The page of a report: everything in one file, every text escaped, and nothing that runs. Long texts are cut to what matters, so that
 * thousands of examples are no slow page.
 */
final class ReportPage {

    /** Characters of a text, if there are few. */
    private static final int MOST = 1000;

    private static final int LEAST = 200;

    /** Characters of all texts of a page that a browser opens in about a second. */
    private static final int PAGE = 3_000_000;

    /** Characters of a text that a search found. */
    private static final int FOUND = 240;

    /** Characters of a question in the list of questions. */
    private static final int LISTED = 120;

    /** The id of the sum or mean of all questions. */
    static final long SUM = -1;

    private static final String TEMPLATE = "report.mustache";

    private final Report report;
    private final List<Pictures> pictures;
    private final int characters;

    /**
     * Prepares a page.
     *
     * @param report what it says
     * @param pictures those that are shown
     * @param characters most characters of a text that are shown
     */
    ReportPage(Report report, List<Pictures> pictures, int characters) {
        this.report = report;
        this.pictures = pictures;
        this.characters = characters;
    }

    /** How many characters of a text are shown on a page with so many texts. */
    static int characters(int texts) {
        return Math.max(LEAST, Math.min(MOST, PAGE / Math.max(1, texts)));
    }

    void write(Writer out) throws IOException {
        try (InputStream template = ReportPage.class.getResourceAsStream(TEMPLATE)) {
            if (template == null) {
                throw new IllegalStateException(TEMPLATE + " is not on the class path");
            }
            Mustache.compiler()
                    .escapeHTML(true)
                    .emptyStringIsFalse(true)
                    .compile(new String(template.readAllBytes(), StandardCharsets.UTF_8))
                    .execute(page(), out);
        }
    }

    private Map<String, Object> page() {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("self", report.self());
        page.put(
                "shadedLayer",
                report.shadedLayer().map(PageText::shown).stream().toList());
        page.put("count", counted(report.scored()));
        page.put("unit", report.unit());
        page.put("shaded", report.partsByToken());
        page.put("tokens", report.questions().stream().anyMatch(question -> question.asked().text().stream()
                .anyMatch(ShadedText.Piece::counted)));
        page.put("grouped", report.grouped());
        page.put("warned", !report.warnings().isEmpty());
        page.put("warnings", report.warnings().stream().map(PageText::shown).toList());
        page.put(
                "pictures",
                pictures.stream().flatMap(each -> each.all().stream()).toList());
        page.put("listed", report.questions().size() > 1);
        page.put("number", report.questions().size());
        page.put("questions", report.questions().stream().map(this::question).toList());
        page.put("made", made());
        return page;
    }

    private List<Map<String, String>> made() {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("influence4j", report.provenance().libraryVersion());
        rows.put("runtime", report.provenance().runtime());
        rows.put("backend", report.provenance().backend());
        rows.put("precision", report.provenance().precision().toString());
        report.provenance().model().ifPresent(model -> rows.put("model", model));
        rows.putAll(report.provenance().options());
        report.provenance().counts().forEach((name, count) -> rows.put(name, Long.toString(count)));
        return rows.entrySet().stream()
                .map(row -> Map.of("name", PageText.shown(row.getKey()), "value", PageText.shown(row.getValue())))
                .toList();
    }

    private Map<String, Object> question(Question question) {
        Map<String, Object> map = new LinkedHashMap<>();
        SameDigits digits = SameDigits.of(Stream.concat(question.helpful().stream(), question.harmful().stream())
                .mapToDouble(Entry::perCopy)
                .toArray());
        List<GroupSum> groups = Stream.concat(question.helpfulGroups().stream(), question.harmfulGroups().stream())
                .toList();
        SameDigits sums =
                SameDigits.of(groups.stream().mapToDouble(GroupSum::perCopy).toArray());
        SameDigits means =
                SameDigits.of(groups.stream().mapToDouble(ReportPage::mean).toArray());
        map.put("id", question.id());
        map.put("all", question.id() == SUM);
        map.put("title", title(question));
        map.put("asked", shown(question.asked()));
        map.put("contrasted", !question.asked().contrast().isEmpty());
        map.put("contrast", spans(question.asked().contrast()));
        map.put("warned", !question.warnings().isEmpty());
        map.put("warnings", question.warnings());
        map.put(
                "helpful",
                question.helpful().stream().map(one -> entry(one, digits)).toList());
        map.put(
                "harmful",
                question.harmful().stream().map(one -> entry(one, digits)).toList());
        map.put(
                "helpfulGroups",
                question.helpfulGroups().stream()
                        .map(sum -> group(sum, sums, means))
                        .toList());
        map.put(
                "harmfulGroups",
                question.harmfulGroups().stream()
                        .map(sum -> group(sum, sums, means))
                        .toList());
        map.put("layers", question.layers().stream().map(ReportPage::share).toList());
        map.put("concentration", question.concentration());
        map.put(
                "distribution",
                question.distribution().map(ReportPage::distribution).stream().toList());
        map.put("tail", ReportCharts.tail(question.largest()));
        map.put("searched", question.foundByWords().isPresent());
        map.put(
                "found",
                question.foundByWords().orElse(List.of()).stream()
                        .map(ReportPage::found)
                        .toList());
        return map;
    }

    private static String title(Question question) {
        StringBuilder text = new StringBuilder();
        question.asked().text().forEach(piece -> text.append(piece.text()));
        return PageText.shown(PageText.cut(text.toString().strip().replaceAll("\\s+", " "), LISTED));
    }

    /** What mustache shows of an example. */
    private Map<String, Object> shown(Shown shown) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("seen", !shown.text().isEmpty() || shown.picture().isPresent());
        map.put("spans", spans(shown.text()));
        map.put("picture", shown.picture().stream().toList());
        return map;
    }

    private List<PageText.Span> spans(List<ShadedText.Piece> pieces) {
        return PageText.spans(pieces, characters);
    }

    private Map<String, Object> entry(Entry entry, SameDigits digits) {
        Map<String, Object> map = shown(entry.shown());
        map.put("id", entry.id());
        map.put("perCopy", digits.signed(entry.perCopy()));
        map.put("group", entry.group().map(PageText::shown).stream().toList());
        map.put("layered", !entry.layers().isEmpty());
        map.put("layers", entry.layers().stream().map(ReportPage::share).toList());
        return map;
    }

    private static Map<String, Object> share(Share share) {
        return Map.of(
                "name",
                PageText.shown(share.layer()),
                "share",
                String.format(Locale.ROOT, "%.1f", 100 * share.share()));
    }

    private static double mean(GroupSum sum) {
        return sum.perCopy() / sum.examples();
    }

    private static Map<String, Object> group(GroupSum sum, SameDigits sums, SameDigits means) {
        return Map.of(
                "name",
                PageText.shown(sum.group()),
                "perCopy",
                sums.signed(sum.perCopy()),
                "examples",
                counted(sum.examples()),
                "each",
                means.signed(mean(sum)));
    }

    private static Map<String, Object> found(Found found) {
        return Map.of(
                "id",
                found.id(),
                "text",
                PageText.shown(PageText.cut(found.text(), FOUND)),
                "also",
                found.alsoHelpful());
    }

    private static Map<String, Object> distribution(Distribution distribution) {
        SameDigits digits = SameDigits.of(distribution.least(), distribution.most());
        return Map.of(
                "bars", ReportCharts.bars(distribution.counts()),
                "zero", ReportCharts.zero(distribution),
                "least", digits.signed(distribution.least()),
                "most", digits.signed(distribution.most()),
                "median", SameDigits.of(distribution.median()).signed(distribution.median()),
                "deviation", digits.plain(distribution.deviation()));
    }

    private static String counted(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
