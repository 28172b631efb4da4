package io.github.influence4j.examples.smollm;

import java.util.List;

/**
 * What one method finds for each fact.
 *
 * @param method its name
 * @param seconds what it took, the passes of the model included
 * @param passages for each fact the ids of passages, the most helpful first; a search engine does not rank all
 */
public record Ranked(String method, double seconds, List<List<Integer>> passages) {

    /** Relevant passages among the first k, divided by k, for each fact. */
    double[] precision(FactCorpus corpus, int k) {
        double[] result = new double[passages.size()];
        for (int f = 0; f < result.length; f++) {
            int fact = f;
            List<Integer> first =
                    passages.get(f).subList(0, Math.min(k, passages.get(f).size()));
            result[f] = first.stream()
                            .filter(id -> corpus.passages().get(id).tells(fact))
                            .count()
                    / (double) k;
        }
        return result;
    }

    /** One over the rank of the first relevant passage, 0 if none is found, for each fact. */
    double[] reciprocalRank(FactCorpus corpus) {
        double[] result = new double[passages.size()];
        for (int f = 0; f < result.length; f++) {
            for (int rank = 1; rank <= passages.get(f).size() && result[f] == 0; rank++) {
                if (corpus.passages().get(passages.get(f).get(rank - 1)).tells(f)) {
                    result[f] = 1.0 / rank;
                }
            }
        }
        return result;
    }

    /** Found passages of a kind among the first k, over all facts. */
    int found(FactCorpus corpus, Passage.Kind kind, int k) {
        int count = 0;
        for (int f = 0; f < passages.size(); f++) {
            for (int id : passages.get(f).subList(0, Math.min(k, passages.get(f).size()))) {
                Passage passage = corpus.passages().get(id);
                count += passage.kind() == kind && passage.fact().orElse(-1) == f ? 1 : 0;
            }
        }
        return count;
    }
}
