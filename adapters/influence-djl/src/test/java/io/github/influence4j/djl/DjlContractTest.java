package io.github.influence4j.djl;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Loss;
import io.github.influence4j.testkit.GradientProviderContract;
import io.github.influence4j.testkit.HostModel;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The test kit's contract for a perceptron, grouped convolutions, a shared block, a decoder and an encoder. */
class DjlContractTest {

    @BeforeAll
    static void pyTorchIsThere() {
        PyTorch.require();
    }

    private static HostModel<DjlExample> host(
            Function<NDManager, Block> model, List<DjlExample> examples, String... excluded) {
        Block block = model.apply(NDManager.newBaseManager("PyTorch"));
        Padding padding = block instanceof MaskedEncoder ? Padding.MASK_INPUT : Padding.UNSEEN;
        DjlProvider provider =
                DjlProvider.of(block, Loss.SOFTMAX_CROSS_ENTROPY, ExampleSource.of(examples), padding, excluded);
        return new DjlHost(provider, block, examples);
    }

    @Nested
    class Perceptron extends GradientProviderContract<DjlExample> {
        @Override
        protected HostModel<DjlExample> host() {
            return DjlContractTest.host(Models::mlp, Models.classified(4, 5, 3, 4));
        }
    }

    @Nested
    class GroupedConvolutions extends GradientProviderContract<DjlExample> {
        @Override
        protected HostModel<DjlExample> host() {
            return DjlContractTest.host(Models::convolutions, Models.classified(4, 5, 3, 2, 6, 6), "BatchNorm");
        }
    }

    @Nested
    class SharedBlock extends GradientProviderContract<DjlExample> {
        @Override
        protected HostModel<DjlExample> host() {
            return DjlContractTest.host(Models::shared, Models.classified(4, 5, 2, 4));
        }
    }

    @Nested
    class Decoder extends GradientProviderContract<DjlExample> {
        @Override
        protected HostModel<DjlExample> host() {
            return DjlContractTest.host(Models::decoder, Models.sequences(4, 5), "LayerNorm", "TokenEmbedding");
        }
    }

    @Nested
    class Encoder extends GradientProviderContract<DjlExample> {
        @Override
        protected HostModel<DjlExample> host() {
            return DjlContractTest.host(Models::encoder, Models.sentences(4, 5), "BatchNorm", "TokenEmbedding");
        }
    }
}
