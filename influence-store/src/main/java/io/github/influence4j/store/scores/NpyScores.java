package io.github.influence4j.store.scores;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.store.StagedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** NumPy arrays, version 1.0 of the format: a header of text, then numbers row-major and little-endian. */
final class NpyScores {

    private static final int ALIGNMENT = 64;

    private NpyScores() {}

    /** Writes the numbers of an array, in order. */
    private interface Numbers {
        void write(Sink sink) throws IOException;
    }

    static void write(InfluenceScores scores, StagedFiles files) throws IOException {
        int queries = scores.queryIds().length;
        int train = scores.trainIds().length;
        Map<String, Matrix> parts = ScoreTensors.pairwise(scores);
        int index = 0;
        for (Matrix part : parts.values()) {
            doubles(files, name(ScoreTensors.PAIRWISE, parts, index++), new long[] {queries, train}, sink -> {
                double[] row = new double[train];
                for (int q = 0; q < queries; q++) {
                    part.read(q, 1, row, 0);
                    sink.put(row);
                }
            });
        }
        if (scores.hasTokens()) {
            int most = (int) Arrays.stream(ScoreTensors.tokens(scores)).max().orElse(0);
            doubles(files, ScoreTensors.PER_TOKEN, new long[] {queries, train, most}, sink -> {
                for (int q = 0; q < queries; q++) {
                    for (int z = 0; z < train; z++) {
                        sink.put(Arrays.copyOf(scores.tokens(q, z), most));
                    }
                }
            });
            for (String layer : scores.tokenLayers()) {
                String name = ScoreTensors.PER_TOKEN + "." + scores.layers().indexOf(layer);
                doubles(files, name, new long[] {queries, train, most}, sink -> {
                    for (int q = 0; q < queries; q++) {
                        for (int z = 0; z < train; z++) {
                            sink.put(Arrays.copyOf(scores.tokens(layer, q, z), most));
                        }
                    }
                });
            }
            longs(files, "train_tokens", ScoreTensors.tokens(scores));
        }
        longs(files, "query_ids", scores.queryIds());
        longs(files, "train_ids", scores.trainIds());
    }

    static void write(SelfInfluence scores, StagedFiles files) throws IOException {
        Map<String, double[]> parts = ScoreTensors.self(scores);
        int index = 0;
        for (double[] part : parts.values()) {
            doubles(files, name(ScoreTensors.SELF, parts, index++), new long[] {part.length}, sink -> sink.put(part));
        }
        longs(files, "train_ids", scores.ids());
    }

    static void write(TopInfluences scores, StagedFiles files) throws IOException {
        for (Map.Entry<String, List<List<Influence>>> end :
                ScoreTensors.ends(scores).entrySet()) {
            end(scores, end.getKey(), end.getValue(), files);
        }
        longs(
                files,
                "query_ids",
                scores.queryIds().stream().mapToLong(Long::longValue).toArray());
    }

    private static void end(TopInfluences scores, String end, List<List<Influence>> rows, StagedFiles files)
            throws IOException {
        long k = rows.stream().mapToInt(List::size).max().orElse(0);
        long[] shape = {rows.size(), k};
        doubles(files, end + "_scores", shape, sink -> {
            for (List<Influence> row : rows) {
                sink.put(row.stream().mapToDouble(Influence::score).toArray());
            }
        });
        array(files, end + "_ids", "<i8", shape, sink -> {
            for (List<Influence> row : rows) {
                sink.put(row.stream().mapToLong(Influence::trainId).toArray());
            }
        });
        for (int l = 0; l < ScoreTensors.layers(scores).size(); l++) {
            int layer = l;
            doubles(files, end + "_scores." + l, shape, sink -> {
                for (int q = 0; q < rows.size(); q++) {
                    sink.put(ScoreTensors.layers(scores, q, rows.get(q)).get(layer));
                }
            });
        }
        if (ScoreTensors.hasTokens(scores)) {
            int most = ScoreTensors.mostTokens(scores);
            doubles(files, end + "_token_scores", new long[] {rows.size(), k, most}, sink -> {
                for (int q = 0; q < rows.size(); q++) {
                    for (double[] tokens : ScoreTensors.tokens(scores, q, rows.get(q))) {
                        sink.put(Arrays.copyOf(tokens, most));
                    }
                }
            });
            for (String layer : ScoreTensors.tokenLayers(scores)) {
                String name =
                        end + "_token_scores." + ScoreTensors.layers(scores).indexOf(layer);
                doubles(files, name, new long[] {rows.size(), k, most}, sink -> {
                    for (int q = 0; q < rows.size(); q++) {
                        for (double[] tokens : ScoreTensors.tokens(layer, scores, q, rows.get(q))) {
                            sink.put(Arrays.copyOf(tokens, most));
                        }
                    }
                });
            }
            array(files, end + "_tokens", "<i8", shape, sink -> {
                for (int q = 0; q < rows.size(); q++) {
                    sink.put(ScoreTensors.tokens(scores, q, rows.get(q)).stream()
                            .mapToLong(tokens -> tokens.length)
                            .toArray());
                }
            });
        }
    }

    /** Layers are told apart by their index: their names may be no file names. */
    private static String name(String what, Map<String, ?> parts, int index) {
        return parts.containsKey(ScoreTensors.ALL) ? what : what + "." + index;
    }

    private static void doubles(StagedFiles files, String name, long[] shape, Numbers numbers) throws IOException {
        array(files, name, "<f8", shape, numbers);
    }

    private static void longs(StagedFiles files, String name, long[] values) throws IOException {
        array(files, name, "<i8", new long[] {values.length}, sink -> sink.put(values));
    }

    private static void array(StagedFiles files, String name, String type, long[] shape, Numbers numbers)
            throws IOException {
        Sink sink = new Sink(files.file(name + ".npy").channel());
        sink.header(type, shape);
        numbers.write(sink);
    }

    /** Writes numbers to a channel. */
    private record Sink(WritableByteChannel channel) {

        void header(String type, long[] shape) throws IOException {
            String dimensions =
                    LongStream.of(shape).mapToObj(dimension -> dimension + ",").collect(Collectors.joining(" "));
            String text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + dimensions + "), }";
            // magic, version and length take 10 bytes, and a line feed ends the header
            int padding = ALIGNMENT - (10 + text.length() + 1) % ALIGNMENT;
            byte[] header = (text + " ".repeat(padding % ALIGNMENT) + "\n").getBytes(StandardCharsets.US_ASCII);
            ByteBuffer bytes = buffer(10 + header.length);
            bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
            bytes.put((byte) 1).put((byte) 0).putShort((short) header.length).put(header);
            write(bytes);
        }

        void put(double[] values) throws IOException {
            ByteBuffer bytes = buffer(values.length * Double.BYTES);
            bytes.asDoubleBuffer().put(values);
            write(bytes.position(bytes.limit()));
        }

        void put(long[] values) throws IOException {
            ByteBuffer bytes = buffer(values.length * Long.BYTES);
            bytes.asLongBuffer().put(values);
            write(bytes.position(bytes.limit()));
        }

        private static ByteBuffer buffer(int bytes) {
            return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        private void write(ByteBuffer bytes) throws IOException {
            bytes.flip();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }
}
