package io.github.influence4j.api;

/** How a model's training loss depends on its outputs ŷ at one position: what fixes its Bregman divergence. */
public enum OutputLoss {
    /** Half the squared distance to a target, ½‖ŷ − y‖². */
    SQUARED_ERROR,
    /** Minus the log-probability of a class, −log softmax(ŷ)_y. */
    SOFTMAX_CROSS_ENTROPY
}
