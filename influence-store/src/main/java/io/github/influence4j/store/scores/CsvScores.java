package io.github.influence4j.store.scores;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.PlainText;
import io.github.influence4j.store.StagedFiles;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A line for each score, in digits that give the same float64 number when read. */
final class CsvScores {

    private CsvScores() {}

    /** Writes the lines of a table. */
    private interface Table {
        void write(CsvWriter csv) throws IOException;
    }

    static void write(InfluenceScores scores, StagedFiles files) throws IOException {
        long[] queryIds = scores.queryIds();
        long[] trainIds = scores.trainIds();
        List<Matrix> parts = scores.layers().stream().map(scores::layer).toList();
        table(files, ScoreTensors.PAIRWISE, csv -> {
            List<String> header = new ArrayList<>(List.of("query", "train", "score"));
            scores.layers().forEach(layer -> header.add(heading(layer)));
            csv.writeRecord(header);
            List<String> line = new ArrayList<>();
            double[][] rows = new double[parts.size()][trainIds.length];
            for (int q = 0; q < queryIds.length; q++) {
                for (int l = 0; l < rows.length; l++) {
                    parts.get(l).read(q, 1, rows[l], 0);
                }
                for (int z = 0; z < trainIds.length; z++) {
                    line.clear();
                    line.add(Long.toString(queryIds[q]));
                    line.add(Long.toString(trainIds[z]));
                    line.add(Double.toString(scores.score(q, z)));
                    for (double[] row : rows) {
                        line.add(Double.toString(row[z]));
                    }
                    csv.writeRecord(line);
                }
            }
        });
        if (scores.hasTokens()) {
            table(files, ScoreTensors.PER_TOKEN, csv -> tokens(scores, csv));
        }
    }

    private static void tokens(InfluenceScores scores, CsvWriter csv) {
        long[] queryIds = scores.queryIds();
        long[] trainIds = scores.trainIds();
        csv.writeRecord(tokenHeader(List.of("query", "train", "token", "score"), scores.tokenLayers()));
        for (int q = 0; q < queryIds.length; q++) {
            for (int z = 0; z < trainIds.length; z++) {
                int query = q;
                int train = z;
                tokenLines(
                        csv,
                        List.of(Long.toString(queryIds[q]), Long.toString(trainIds[z])),
                        scores.tokens(q, z),
                        scores.tokenLayers().stream()
                                .map(layer -> scores.tokens(layer, query, train))
                                .toList());
            }
        }
    }

    private static List<String> tokenHeader(List<String> columns, List<String> layers) {
        List<String> header = new ArrayList<>(columns);
        layers.forEach(layer -> header.add(heading(layer)));
        return header;
    }

    /** A line for each token of an example: its part, and that through each layer. */
    private static void tokenLines(CsvWriter csv, List<String> ids, double[] tokens, List<double[]> layers) {
        for (int t = 0; t < tokens.length; t++) {
            List<String> line = new ArrayList<>(ids);
            line.add(Integer.toString(t));
            line.add(Double.toString(tokens[t]));
            for (double[] layer : layers) {
                line.add(Double.toString(layer[t]));
            }
            csv.writeRecord(line);
        }
    }

    static void write(SelfInfluence scores, StagedFiles files) throws IOException {
        long[] ids = scores.ids();
        double[] totals = scores.scores();
        List<double[]> parts = scores.layers().stream().map(scores::layer).toList();
        table(files, ScoreTensors.SELF, csv -> {
            List<String> header = new ArrayList<>(List.of("train", "score"));
            scores.layers().forEach(layer -> header.add(heading(layer)));
            csv.writeRecord(header);
            for (int z = 0; z < ids.length; z++) {
                List<String> line = new ArrayList<>();
                line.add(Long.toString(ids[z]));
                line.add(Double.toString(totals[z]));
                for (double[] part : parts) {
                    line.add(Double.toString(part[z]));
                }
                csv.writeRecord(line);
            }
        });
    }

    static void write(TopInfluences scores, StagedFiles files) throws IOException {
        table(files, ScoreTensors.TOP, csv -> {
            List<String> header = new ArrayList<>(List.of("query", "end", "rank", "train", "score"));
            ScoreTensors.layers(scores).forEach(layer -> header.add(heading(layer)));
            csv.writeRecord(header);
            ranks(scores, (q, end, row) -> {
                List<double[]> parts = ScoreTensors.layers(scores, q, row);
                for (int rank = 0; rank < row.size(); rank++) {
                    List<String> line = new ArrayList<>(ranked(scores, q, end, row, rank));
                    line.add(Double.toString(row.get(rank).score()));
                    for (double[] part : parts) {
                        line.add(Double.toString(part[rank]));
                    }
                    csv.writeRecord(line);
                }
            });
        });
        if (ScoreTensors.hasTokens(scores)) {
            table(files, ScoreTensors.TOP_TOKENS, csv -> {
                List<String> layers = ScoreTensors.tokenLayers(scores);
                csv.writeRecord(tokenHeader(List.of("query", "end", "rank", "train", "token", "score"), layers));
                ranks(scores, (q, end, row) -> {
                    List<double[]> tokens = ScoreTensors.tokens(scores, q, row);
                    List<List<double[]>> both = layers.stream()
                            .map(layer -> ScoreTensors.tokens(layer, scores, q, row))
                            .toList();
                    for (int rank = 0; rank < row.size(); rank++) {
                        int place = rank;
                        tokenLines(
                                csv,
                                ranked(scores, q, end, row, rank),
                                tokens.get(rank),
                                both.stream().map(parts -> parts.get(place)).toList());
                    }
                });
            });
        }
    }

    /** Writes the lines of one end of a query. */
    private interface Rows {
        void write(int query, String end, List<Influence> row);
    }

    private static void ranks(TopInfluences scores, Rows rows) {
        for (int q = 0; q < scores.queryIds().size(); q++) {
            int query = q;
            ScoreTensors.ends(scores).forEach((end, all) -> rows.write(query, end, all.get(query)));
        }
    }

    private static List<String> ranked(TopInfluences scores, int query, String end, List<Influence> row, int rank) {
        return List.of(
                Long.toString(scores.queryIds().get(query)),
                end,
                Integer.toString(rank + 1),
                Long.toString(row.get(rank).trainId()));
    }

    /** A spreadsheet would compute what begins like a formula: an apostrophe makes it text. */
    private static String heading(String layer) {
        String text = PlainText.escaped(layer);
        return text.matches("[=+@-].*") ? "'" + text : text;
    }

    private static void table(StagedFiles files, String name, Table table) throws IOException {
        // closing would close the file's channel, which is synced later
        Writer out =
                new BufferedWriter(Channels.newWriter(files.file(name + ".csv").channel(), StandardCharsets.UTF_8));
        CsvWriter csv = CsvWriter.builder().build(out);
        table.write(csv);
        csv.flush();
        out.flush();
    }
}
