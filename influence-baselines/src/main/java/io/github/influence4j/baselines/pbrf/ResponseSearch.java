package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.baselines.pbrf.BregmanObjective.Point;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The search for one example's response. It steps down by L-BFGS; where that is stuck or stalls, it looks at the gradients on all sides
 * of the kinks around, and either ends, because their hull holds a small element, or has found a way down and steps on.
 */
final class ResponseSearch<E> {

    /** Share of the decrease along the slope that a step must bring. */
    private static final double ARMIJO = 1e-4;

    private static final int MAX_HALVINGS = 30;

    /** Differences of the objective, relative to it, that rounding may make. */
    private static final double ROUNDING = 1e-12;

    /** Steps in which the objective must fall by more than what the tolerance of the gradient stands for. */
    private static final int PATIENCE = 10;

    /** A way down leads on where this share of its slope is left at its end. */
    private static final double SLOPE_LEFT = 0.5;

    private final BregmanObjective<E>.ForExample objective;
    private final PbrfOptions options;
    private final LimitedMemory memory;
    private final double start;
    private final Deque<Double> values = new ArrayDeque<>();
    private Point point;
    private double residual;
    private int iterations;
    private boolean stuck;
    private boolean ended;
    private @Nullable Sides sides;

    ResponseSearch(BregmanObjective<E>.ForExample objective, PbrfOptions options) {
        this.objective = objective;
        this.options = options;
        this.memory = new LimitedMemory(options.memory());
        this.point = objective.start();
        this.start = ProximalBregman.norm(point.gradient());
        judge();
    }

    boolean goesOn() {
        return !ended;
    }

    /** What (G+λ)⁻¹ is to be multiplied with. */
    double[] toSolve() {
        return sides == null ? memory.beforeSolve(point.gradient()) : sides.latest();
    }

    /** Goes on with the solution. */
    void step(double[] solution) {
        if (sides == null) {
            descend(memory.afterSolve(solution));
        } else {
            sides.solved(solution);
            lookAround(sides);
        }
    }

    double[] offset() {
        return point.offset();
    }

    double residual() {
        return residual;
    }

    int iterations() {
        return iterations;
    }

    private void descend(double[] direction) {
        Point next = shortened(direction);
        stuck = next == point;
        if (!stuck) {
            memory.add(difference(next.offset(), point.offset()), difference(next.gradient(), point.gradient()));
            point = next;
            iterations++;
        }
        judge();
    }

    /** Halves the step until the objective falls enough, or, where its differences drown in rounding, its gradient does. */
    private Point shortened(double[] direction) {
        double slope = ProximalBregman.dot(point.gradient(), direction);
        double length = 1;
        for (int halving = 0; halving < MAX_HALVINGS; halving++) {
            try (var to = objective.along(point, length, direction)) {
                if (to.value() <= point.value() + ARMIJO * length * slope) {
                    return to.point();
                }
                if (Math.abs(to.value() - point.value()) <= ROUNDING * Math.abs(point.value())) {
                    Point next = to.point();
                    if (ProximalBregman.norm(next.gradient()) < ProximalBregman.norm(point.gradient())) {
                        return next;
                    }
                }
            }
            length /= 2;
        }
        return point;
    }

    private void judge() {
        double norm = ProximalBregman.norm(point.gradient());
        residual = start == 0 ? 0 : norm / start;
        ended = norm <= options.tolerance() * start;
        if (!ended && (stuck || iterations >= options.maxIterations() || stalls())) {
            sides = new Sides(point.gradient());
        }
    }

    /** Near a minimum, a gradient of τ times the start's means that the objective is within τ² of the way down. */
    private boolean stalls() {
        values.addLast(point.value());
        return values.size() > PATIENCE
                && values.removeFirst() - point.value()
                        <= options.tolerance() * options.tolerance() * Math.abs(point.value());
    }

    /**
     * Ends the search if the gradients around have a small combination; else goes a very small step the way that leads down for all
     * of them. It meets another gradient, which does not let it on, or leads lower. Slopes decide, not values: their differences drown
     * in rounding over such a step.
     */
    private void lookAround(Sides around) {
        residual = around.leastNorm() / start;
        ended = residual <= options.tolerance() || around.full();
        if (ended) {
            return;
        }
        Sides.Way way = around.way();
        double[] direction = way.direction();
        double norm = ProximalBregman.norm(direction);
        double moved = ProximalBregman.norm(point.offset());
        double radius = options.tolerance() * (moved > 0 ? moved : norm);
        double length = Math.min(1, radius / norm);
        Point next = pointAlong(length, direction);
        double steep = -SLOPE_LEFT * way.fall();
        if (ProximalBregman.dot(next.gradient(), direction) > steep) {
            around.add(next.gradient());
        } else if (iterations >= options.maxIterations()) {
            ended = true;
        } else {
            goOn(further(next, length, direction, steep));
        }
    }

    /** Doubles a step, up to the whole way, as long as the slope at its end stays steep. */
    private Point further(Point near, double shortest, double[] direction, double steep) {
        Point reached = near;
        double length = shortest;
        while (length < 1) {
            length = Math.min(1, 2 * length);
            Point next = pointAlong(length, direction);
            if (ProximalBregman.dot(next.gradient(), direction) > steep) {
                break;
            }
            reached = next;
        }
        return reached;
    }

    private void goOn(Point from) {
        point = from;
        iterations++;
        sides = null;
        values.clear();
        stuck = false;
        judge();
    }

    private Point pointAlong(double length, double[] direction) {
        try (var to = objective.along(point, length, direction)) {
            return to.point();
        }
    }

    private static double[] difference(double[] a, double[] b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, k -> a[k] - b[k]);
        return difference;
    }
}
