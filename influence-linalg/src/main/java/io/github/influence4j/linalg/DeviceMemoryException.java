package io.github.influence4j.linalg;

/** Thrown where a card has not enough memory for a matrix; says for what, how much was asked for and how much there is. */
public final class DeviceMemoryException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /**
     * Makes an exception.
     *
     * @param what what the memory was for, with sizes
     * @param requested bytes asked for
     * @param available bytes there are
     * @param device the device
     */
    public DeviceMemoryException(String what, long requested, long available, String device) {
        super("not enough memory for " + what + ": expected " + requested + " bytes, found " + available + " on "
                + device);
    }

    /**
     * Makes an exception for memory that a library wanted for its own work.
     *
     * @param what what the library was doing, with sizes
     * @param library the library
     */
    public DeviceMemoryException(String what, String library) {
        super("not enough memory for " + library + "'s own work: " + what);
    }

    private DeviceMemoryException(String message, DeviceMemoryException cause) {
        super(message, cause);
    }

    /**
     * Returns the same with what was being done.
     *
     * @param work the stage, and what its plan says that it needs
     * @return an exception caused by this one
     */
    public DeviceMemoryException during(String work) {
        return new DeviceMemoryException(work + ": " + getMessage(), this);
    }
}
