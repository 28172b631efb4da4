package io.github.influence4j.models;

/**
 * A vector of features with what a model should make of it. Compared by identity of the arrays.
 *
 * @param features the inputs; not copied, not to be changed
 * @param target the outputs of a regression, or the index of the class as the only number; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // held by the thousand and read in inner loops; never compared as values
public record LabelledExample(double[] features, double[] target) {

    /**
     * Makes an example of a class.
     *
     * @param features the inputs
     * @param label index of the class
     * @return the example
     * @throws IllegalArgumentException if the label is negative
     */
    public static LabelledExample classified(double[] features, int label) {
        if (label < 0) {
            throw new IllegalArgumentException("a label is the index of a class, found " + label);
        }
        return new LabelledExample(features, new double[] {label});
    }

    /**
     * Makes an example with numbers to be predicted.
     *
     * @param features the inputs
     * @param target the right outputs
     * @return the example
     */
    public static LabelledExample regression(double[] features, double... target) {
        return new LabelledExample(features, target);
    }

    /**
     * Returns the class of a classified example.
     *
     * @return index of the class
     * @throws IllegalStateException if the target is not the index of a class
     */
    public int label() {
        if (target.length != 1 || target[0] < 0 || target[0] != Math.rint(target[0])) {
            throw new IllegalStateException("the example has no class but a target of " + target.length + " numbers"
                    + (target.length == 1 ? ", " + target[0] : ""));
        }
        return (int) target[0];
    }
}
