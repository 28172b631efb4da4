package io.github.influence4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.slf4j.LoggerFactory;

/**
 * Prepared queries in files that every machine sees, which lie there as long as rows can be asked for that are computed with them: until
 * this is closed, nothing of the driver has it any more, or the application ends. The driver only has their names.
 */
final class QueryFiles implements Serializable, AutoCloseable {

    private static final long serialVersionUID = 1;

    private static final Cleaner CLEANER = Cleaner.create();

    private final WorkFolder folder;
    private final TreeMap<Integer, ArrayList<String>> pieces = new TreeMap<>();

    private QueryFiles(WorkFolder folder, List<ScorePass.Piece> written) {
        this.folder = folder;
        written.forEach(piece -> pieces.computeIfAbsent(piece.firstQuery(), first -> new ArrayList<>())
                .add(piece.name()));
    }

    /** Takes over what was written to a folder. */
    static QueryFiles of(SparkContext spark, WorkFolder folder, List<ScorePass.Piece> written) {
        QueryFiles files = new QueryFiles(folder, written);
        Removal removal = new Removal(spark, folder);
        spark.addSparkListener(removal);
        CLEANER.register(files, removal::run);
        return files;
    }

    WorkFolder folder() {
        return folder;
    }

    /** Names of the pieces by the index of the first query of a pass, in their order. */
    Map<Integer, List<String>> pieces() {
        return new TreeMap<>(pieces);
    }

    @Override
    public void close() throws IOException {
        folder.delete();
    }

    /** Removes the folder when the application ends, if nobody did before. */
    private static final class Removal extends SparkListener {
        private final SparkContext spark;
        private final WorkFolder folder;

        Removal(SparkContext spark, WorkFolder folder) {
            this.spark = spark;
            this.folder = folder;
        }

        @Override
        public void onApplicationEnd(SparkListenerApplicationEnd event) {
            delete();
        }

        void run() {
            delete();
            spark.removeSparkListener(this);
        }

        private void delete() {
            try {
                folder.delete();
            } catch (IOException e) {
                LoggerFactory.getLogger(QueryFiles.class)
                        .warn("prepared queries in {} are not needed any more, and were not removed", folder.path(), e);
            }
        }
    }
}
