import org.jspecify.annotations.NullMarked;

/** Decoder language models as hosts of influence functions. */
@NullMarked
module io.github.influence4j.decoder {
    requires transitive io.github.influence4j.api;
    requires transitive io.github.influence4j.linalg;
    requires transitive static org.jspecify;
    requires io.github.influence4j.safetensors;
    requires org.apache.commons.numbers.gamma;

    exports io.github.influence4j.decoder;
}
