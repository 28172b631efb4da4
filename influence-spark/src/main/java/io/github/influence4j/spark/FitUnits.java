package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.fit.EigenspaceChoice;
import io.github.influence4j.ekfac.internal.fit.KeptBasis;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.TaskContext;
import scala.Tuple2;

/**
 * What becomes of the sums of a unit of layers, where they have come together: eigenbases and eigenvalues, as pieces in files.
 *
 * @param <E> the host's type of an example
 * @param model opens the model
 * @param settings options
 * @param plan which layers are fitted together
 * @param folder takes what is finished
 */
record FitUnits<E>(SentModel<E> model, FitSettings settings, FitPlan plan, WorkFolder folder) implements Serializable {

    /**
     * What the driver is told of a unit.
     *
     * @param unit its first layer
     * @param positions real positions that its covariances are of
     * @param asked layers whose whole gradients are to decide between eigenvectors of equal eigenvalues
     * @param notes what became of covariances with equal eigenvalues
     */
    @DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
    record Report(int unit, long positions, List<Integer> asked, List<Note> notes) implements Serializable {}

    /**
     * {@link EigenspaceChoice.Note} as it is sent.
     *
     * @param covariance the layer, how many directions of how many, of which side
     * @param decided whether gradients tell the directions apart
     */
    record Note(String covariance, boolean decided) implements Serializable {}

    /** Work on a unit with its model. */
    private interface Work<T> {
        T on(MatrixBackend backend, List<LayerSpec> all, Map<String, Matrix> sums) throws IOException;
    }

    /** Name of the matrix of a piece. */
    static final String EIGENVALUES = "eigenvalues";

    static String basis(int layer, boolean chosen) {
        return (chosen ? "chosen-" : "basis-") + layer;
    }

    static String eigenvalues(int layer) {
        return "eigenvalues-" + layer;
    }

    private <T> Iterator<T> each(String stage, Iterator<Tuple2<SumKey, SumRows>> sorted, Work<T> work) {
        if (!sorted.hasNext()) {
            return List.<T>of().iterator();
        }
        return TaskErrors.in(stage, TaskContext.getPartitionId(), () -> {
            Map<String, Matrix> sums = UnitSums.gather(sorted);
            try (var loan = model.borrow()) {
                GradientProvider<E> opened = model.in(loan);
                plan.requireSame(opened);
                return List.of(work.on(ExecutorJvm.backend(model.precision()), opened.layers(), sums))
                        .iterator();
            }
        });
    }

    /** Decomposes the covariances of a unit and writes its bases. */
    Iterator<Report> decompose(
            Iterator<Tuple2<SumKey, SumRows>> sorted, List<List<Integer>> units, CovarianceSums sums) {
        List<Integer> unit = units.get(TaskContext.getPartitionId());
        return each("eigendecomposition", sorted, (backend, all, covariances) -> {
            List<LayerSpec> layers = unit.stream().map(all::get).toList();
            List<LayerEigenbasis> bases = new ArrayList<>();
            long positions = 0;
            List<LayerCovariance> released = sums.release(backend, layers, covariances);
            try {
                for (LayerCovariance covariance : released) {
                    LayerEigenbasis basis = bases.isEmpty()
                            ? EigenbasisStage.decompose(backend, covariance)
                            : EigenbasisStage.decompose(backend, covariance, bases.get(0));
                    bases.add(basis);
                    folder.write(
                            basis(unit.get(bases.size() - 1), false),
                            KeptBasis.matrices(basis, bases.size() == 1, covariance.positions()));
                    positions += covariance.positions();
                    covariance.close();
                }
                return ask(backend, unit, layers, bases, positions);
            } finally {
                released.forEach(LayerCovariance::close);
                bases.forEach(LayerEigenbasis::close);
            }
        });
    }

    /** What is only divided by, as K-FAC's eigenvalues are, is the same in every basis of an eigenspace. */
    private Report ask(
            MatrixBackend backend,
            List<Integer> unit,
            List<LayerSpec> layers,
            List<LayerEigenbasis> bases,
            long positions) {
        if (settings.strategy() != Strategy.EKFAC) {
            return new Report(unit.get(0), positions, List.of(), List.of());
        }
        EigenspaceChoice choice = new EigenspaceChoice(backend, bases);
        List<LayerSpec> asked = choice.layers();
        FactorMemory moments = new FactorMemory(backend.precision(), Strategy.GRADIENT_BASIS, settings.blocks());
        if (moments.covarianceBytes(asked, true) > settings.memoryLimit()) {
            return new Report(unit.get(0), positions, List.of(), notes(choice.leave()));
        }
        List<Integer> indices =
                asked.stream().map(layer -> unit.get(layers.indexOf(layer))).toList();
        return new Report(unit.get(0), positions, List.copyOf(indices), List.of());
    }

    private static List<Note> notes(List<EigenspaceChoice.Note> notes) {
        return List.copyOf(notes.stream()
                .map(note -> new Note(note.covariance(), note.decided()))
                .toList());
    }

    /** Chooses eigenvectors of equal eigenvalues and writes the bases again, beside the first ones: a task may be repeated. */
    Iterator<Report> choose(Iterator<Tuple2<SumKey, SumRows>> sorted, List<List<Integer>> units) {
        List<Integer> unit = units.get(TaskContext.getPartitionId());
        return each("eigenspaces", sorted, (backend, all, moments) -> {
            List<LayerSpec> layers = unit.stream().map(all::get).toList();
            List<LayerEigenbasis> bases = new ArrayList<>();
            List<Long> positions = new ArrayList<>();
            try {
                for (int l = 0; l < unit.size(); l++) {
                    SentPiece piece = SentPiece.read(folder, basis(unit.get(l), false));
                    bases.add(KeptBasis.restore(
                            layers.get(l),
                            settings.blocks(),
                            bases.stream().findFirst(),
                            piece,
                            matrix -> backend.copyOf(matrix, backend.precision())));
                    positions.add(KeptBasis.positions(piece));
                }
                EigenspaceChoice choice = new EigenspaceChoice(backend, bases);
                List<LayerCovariance> gradients =
                        CovarianceSums.ofGradients(settings).release(backend, choice.layers(), moments);
                List<Note> notes;
                try {
                    notes = notes(choice.choose(gradients));
                } finally {
                    gradients.forEach(LayerCovariance::close);
                }
                for (int l = 0; l < unit.size(); l++) {
                    folder.write(basis(unit.get(l), true), KeptBasis.matrices(bases.get(l), l == 0, positions.get(l)));
                }
                return new Report(unit.get(0), 0, List.of(), notes);
            } finally {
                bases.forEach(LayerEigenbasis::close);
            }
        });
    }

    /** Divides the squares of a layer by the number of examples and writes its eigenvalues. */
    Iterator<Integer> average(Iterator<Tuple2<SumKey, SumRows>> sorted, List<Integer> layers, long examples) {
        int layer = layers.get(TaskContext.getPartitionId());
        return each("eigenvalues", sorted, (backend, all, squares) -> {
            long terms =
                    examples * FisherObjectives.of(settings.options().labels()).weight();
            List<BackendMatrix> values = List.of();
            try (EigenvalueStage stage = new EigenvalueStage(
                    backend, List.of(all.get(layer)), List.of(Optional.empty()), Rotation.CHEAPEST)) {
                stage.restore(squares::get);
                values = stage.release(terms);
                folder.write(eigenvalues(layer), Map.of(EIGENVALUES, values.get(0)));
                return layer;
            } finally {
                values.forEach(BackendMatrix::close);
            }
        });
    }
}
