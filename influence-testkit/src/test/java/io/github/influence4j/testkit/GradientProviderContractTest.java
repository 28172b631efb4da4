package io.github.influence4j.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.testkit.IllMannered.Manner;
import io.github.influence4j.testkit.TokenNetwork.Defect;
import io.github.influence4j.testkit.TokenNetwork.Sequence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each mistake that a host can make fails one test of the contract with a message that says what it is. */
class GradientProviderContractTest {

    static Stream<Arguments> defects() {
        Consumer<GradientProviderContract<Sequence>> slopes = GradientProviderContract::gradientsAreThoseOfTheLoss;
        Consumer<GradientProviderContract<Sequence>> batches = GradientProviderContract::captureDoesNotDependOnTheBatch;
        Consumer<GradientProviderContract<Sequence>> evaluation = GradientProviderContract::theModelIsInEvaluationMode;
        Consumer<GradientProviderContract<Sequence>> masks = GradientProviderContract::maskedPositionsHaveNoGradient;
        Consumer<GradientProviderContract<Sequence>> layers = GradientProviderContract::layersAreStable;
        Consumer<GradientProviderContract<Sequence>> draws = GradientProviderContract::sampledLabelsAreDetermined;
        Consumer<GradientProviderContract<Sequence>> chances = GradientProviderContract::sampledLabelsFollowTheModel;
        Consumer<GradientProviderContract<Sequence>> roots = GradientProviderContract::outputHessianRootIsThatOfTheLoss;
        Consumer<GradientProviderContract<Sequence>> others = GradientProviderContract::otherObjectivesAreRefused;
        return Stream.of(
                Arguments.of(Defect.ROOT_IS_THE_LOSS, roots, "is the objective taken for the training loss"),
                Arguments.of(Defect.ROOT_WITHOUT_THE_SQUARE_ROOT, roots, "do not square to the Hessian of the loss"),
                Arguments.of(Defect.ROOT_OF_ONE_POSITION, roots, "at positions 1 and 0: expected 0.0"),
                Arguments.of(Defect.ROOT_LACKS_COLUMNS, roots, "or are there too few columns?"),
                Arguments.of(
                        Defect.ROOT_ENDS_AT_THE_OUTPUTS,
                        roots,
                        "layer fc1: example 5: the gradient with sampled labels"),
                Arguments.of(Defect.ROOT_HAS_ENDLESS_COLUMNS, roots, "column 15 of OutputHessianRoot has gradients"),
                Arguments.of(Defect.NO_ROOT_BUT_TAKES_IT, others, "throw an UnsupportedOperationException"),
                Arguments.of(
                        Defect.AVERAGED_OVER_BATCH, slopes, "layer fc1: gradients look averaged over the batch of 6"),
                Arguments.of(Defect.AVERAGED_OVER_BATCH, batches, "or multiply the gradients by 6"),
                Arguments.of(Defect.AVERAGED_OVER_POSITIONS, slopes, "averaged over the positions of each example"),
                Arguments.of(Defect.AVERAGED_OVER_PADDED_POSITIONS, slopes, "all 5 positions of the batch, padding"),
                Arguments.of(Defect.AVERAGED_OVER_ALL_POSITIONS, slopes, "averaged over the 19 positions of the batch"),
                Arguments.of(Defect.WRONG_SIGN, slopes, "wrong sign"),
                Arguments.of(Defect.DOUBLED, slopes, "but for a factor: divide by 2.0"),
                Arguments.of(
                        Defect.BIAS_COUNTS_PADDING, slopes, "layer fc1: the weights' gradients are right, the bias's"),
                Arguments.of(
                        Defect.SWAPPED_LAYERS,
                        slopes,
                        "layer fc1: gradients are another layer's; what was captured as layer fc2"),
                Arguments.of(Defect.TRANSPOSED, slopes, "layer fc1: gradients are transposed"),
                Arguments.of(
                        Defect.ACTIVATION_INSTEAD_OF_INPUT, slopes, "layer fc2: gradients are not those of the loss"),
                Arguments.of(Defect.CUT_OFF, slopes, "layer fc1: gradients are all zero"),
                Arguments.of(Defect.DROPOUT, evaluation, "dropout or other randomness is on"),
                Arguments.of(Defect.LEARNS_WHILE_CAPTURING, evaluation, "evaluation mode"),
                Arguments.of(Defect.BATCH_STATISTICS, batches, "batch statistics are in use"),
                Arguments.of(Defect.LAYER_MISSING, layers, "layer fc1 did not come"),
                Arguments.of(Defect.LAYER_TWICE, layers, "layer fc1 came twice"),
                Arguments.of(Defect.PADDING_NOT_MASKED, batches, "padding is not masked"),
                Arguments.of(Defect.MASK_INVERTED, masks, "or the mask hides real positions"),
                Arguments.of(Defect.LOSS_COUNTS_PADDING, masks, "the loss counts padding"),
                Arguments.of(Defect.LABELS_FROM_A_GENERATOR, draws, "same seed have other labels"),
                Arguments.of(Defect.LABELS_BY_ROW, draws, "with the example's id and the position"),
                Arguments.of(Defect.LABELS_IGNORE_THE_SEED, draws, "do not depend on the seed"),
                Arguments.of(Defect.LABELS_IGNORE_THE_ID, draws, "do not depend on the example's id"),
                Arguments.of(Defect.MOST_PROBABLE_LABELS, chances, "do not follow the model's probabilities"),
                Arguments.of(Defect.UNIFORM_LABELS, chances, "do not follow the model's probabilities"),
                Arguments.of(Defect.AVERAGED_OVER_BATCH, chances, "must be p - e_y"));
    }

    @Test
    void everyDefectIsTried() {
        Set<Object> tried = defects().map(arguments -> arguments.get()[0]).collect(Collectors.toSet());
        tried.addAll(Set.of(
                Defect.NONE,
                Defect.NO_ROOT,
                Defect.NORMALS_TOO_WIDE,
                Defect.POSITIONS_FIRST,
                Defect.REVERSED_ROWS)); // below
        assertEquals(EnumSet.allOf(Defect.class), tried);
    }

    @ParameterizedTest
    @MethodSource("defects")
    void defectIsNamed(Defect defect, Consumer<GradientProviderContract<Sequence>> test, String words) {
        fails(new TokenNetwork(defect, false), test, words);
    }

    /** What a host does around right numbers: each fails a test of the contract, and honest ones pass all of these. */
    static Stream<Arguments> manners() {
        Consumer<GradientProviderContract<Sequence>> layers = GradientProviderContract::layersAreStable;
        Consumer<GradientProviderContract<Sequence>> sinks = GradientProviderContract::failuresOfTheSinkComeThrough;
        Consumer<GradientProviderContract<Sequence>> examples = GradientProviderContract::examplesComeTheSameEveryTime;
        Consumer<GradientProviderContract<Sequence>> counts =
                GradientProviderContract::positionsAreNotMoreThanAnnounced;
        Consumer<GradientProviderContract<Sequence>> shared = GradientProviderContract::sharedInputsAreEqual;
        return Stream.of(
                Arguments.of(Manner.HONEST, shared, ""),
                Arguments.of(Manner.SAYS_A_LAYER_SHARES_WITH_ITSELF, shared, ""),
                Arguments.of(Manner.SAYS_OTHER_INPUTS_ARE_ONE, shared, "says that it reads the input of layer fc1"),
                Arguments.of(Manner.SAYS_AN_UNKNOWN_LAYER_SHARES, shared, "sharedInputs() names [fc1, fc9]"),
                Arguments.of(Manner.SAYS_NULL_IS_SHARED, shared, "sharedInputs() gives null"),
                Arguments.of(Manner.HONEST, counts, ""),
                Arguments.of(Manner.SAYS_TOO_FEW_POSITIONS, counts, "has 4 positions, positions() says 3"),
                Arguments.of(Manner.SAYS_NO_POSITIONS, counts, "positions() says 0"),
                Arguments.of(Manner.HONEST, layers, ""),
                Arguments.of(Manner.HONEST, sinks, ""),
                Arguments.of(Manner.HONEST, examples, ""),
                Arguments.of(Manner.FROM_SEVERAL_THREADS, layers, ""),
                Arguments.of(Manner.FROM_SEVERAL_THREADS, sinks, ""),
                Arguments.of(Manner.PUSHES_NULL, layers, "null was pushed"),
                Arguments.of(Manner.PUSHES_AN_UNKNOWN_LAYER, layers, "was captured but not asked for"),
                Arguments.of(Manner.PUSHES_ANOTHER_WIDTH, layers, "which layers() announced otherwise"),
                Arguments.of(Manner.PUSHES_TOO_FEW_EXAMPLES, layers, "the capture has 5 examples, the batch 6"),
                Arguments.of(Manner.PUSHES_NAN, layers, "output gradients hold NaN"),
                Arguments.of(Manner.SWALLOWS_EXCEPTIONS, sinks, "swallowed an exception of the sink"),
                Arguments.of(Manner.SWALLOWS_EVERYTHING_AND_PUSHES_TWICE, layers, "came twice in one batch"),
                Arguments.of(Manner.PUSHES_TO_AN_OLD_SINK, layers, "the sink of an earlier batch"),
                Arguments.of(Manner.CHANGES_IDS, layers, "capturing changed the ids"),
                Arguments.of(Manner.LAYERS_CHANGE, layers, "the same layers in the same order"),
                Arguments.of(Manner.LAYERS_ARE_NULL, layers, "layers() gives null"),
                Arguments.of(Manner.FINGERPRINT_IS_NULL, layers, "fingerprint() gives null"),
                Arguments.of(Manner.FINGERPRINT_CHANGES, layers, "fingerprint() changed"),
                Arguments.of(Manner.SOURCE_REPEATS_AN_ID, examples, "two examples have the id 0"),
                Arguments.of(Manner.SOURCE_ANNOUNCES_MORE, examples, "announces, and gives"),
                Arguments.of(Manner.SOURCE_ANNOUNCES_FEWER, examples, "announces 5 examples and gives more"),
                Arguments.of(Manner.SOURCE_GIVES_LARGER_BATCHES, examples, "a batch has 6 examples"),
                Arguments.of(Manner.SOURCE_CHANGES_ITS_ORDER, examples, "depend on the pass"));
    }

    /** docs/results/broken-hosts.md has a row for each mistake, with the sentence that is held to here. */
    @Test
    void thePageNamesEveryMistake() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "results", "broken-hosts.md"));
        Stream.concat(defects(), manners()).forEach(arguments -> {
            String name = arguments.get()[0].toString().toLowerCase(Locale.ROOT).replace('_', ' ');
            String words = String.valueOf(arguments.get()[2]);
            if (!words.isEmpty()) {
                assertTrue(
                        page.lines()
                                .anyMatch(
                                        row -> row.startsWith("| " + name + " |") && row.contains("… " + words + " …")),
                        () -> "no row for \"" + name + "\" with \"" + words + "\"");
            }
        });
    }

    @Test
    void everyMannerIsTried() {
        assertEquals(
                EnumSet.allOf(Manner.class),
                manners().map(arguments -> arguments.get()[0]).collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @MethodSource("manners")
    void mannerIsNamed(Manner manner, Consumer<GradientProviderContract<Sequence>> test, String words) {
        HostModel<Sequence> host = new IllMannered(manner);
        if (words.isEmpty()) {
            test.accept(contract(host));
        } else {
            AssertionError failure = assertThrows(AssertionError.class, () -> test.accept(contract(host)));
            assertTrue(String.valueOf(failure.getMessage()).contains(words), failure::toString);
        }
    }

    @Test
    void rightRootsPassAndSoDoHostsWithoutOne() {
        contract(new TokenNetwork(Defect.NONE, false)).outputHessianRootIsThatOfTheLoss();
        contract(new TokenNetwork(Defect.NONE, true)).outputHessianRootIsThatOfTheLoss();
        contract(new TokenNetwork(Defect.NO_ROOT, false)).otherObjectivesAreRefused();
    }

    @Test
    void normalErrorsOfTheWrongVarianceAreNamed() {
        Consumer<GradientProviderContract<Sequence>> chances = GradientProviderContract::sampledLabelsFollowTheModel;
        chances.accept(contract(new TokenNetwork(Defect.NONE, true)));
        fails(new TokenNetwork(Defect.NORMALS_TOO_WIDE, true), chances, "found variance 1.4");
    }

    @Test
    void wrongOrdersOfRowsAreNamed() {
        Consumer<GradientProviderContract<Sequence>> slopes = GradientProviderContract::gradientsAreThoseOfTheLoss;
        fails(new TokenNetwork(Defect.POSITIONS_FIRST, true), slopes, "rows come position by position");
        fails(new TokenNetwork(Defect.REVERSED_ROWS, true), slopes, "captured in reverse order");
    }

    @Test
    void biasThatIsCountedTwiceIsNamed() {
        fails(
                new ScaledBias(new TokenNetwork(Defect.NONE, false), 2),
                GradientProviderContract::gradientsAreThoseOfTheLoss,
                "layer fc1: the weights' gradients are right, the bias's are not");
    }

    /** However little the biases do, which the weights' gradients would hide. */
    @ParameterizedTest
    @ValueSource(doubles = {1e-2, 1e-4, 0, 1.001})
    void biasWithAnotherFactorIsNamed(double factor) {
        fails(
                new ScaledBias(new TokenNetwork(Defect.NONE, false), factor),
                GradientProviderContract::gradientsAreThoseOfTheLoss,
                "the bias's are not");
    }

    private static void fails(
            HostModel<Sequence> host, Consumer<GradientProviderContract<Sequence>> test, String words) {
        AssertionError failure = assertThrows(AssertionError.class, () -> test.accept(contract(host)));
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.contains(words), () -> "expected \"" + words + "\" in: " + message);
        assertTrue(message.matches("(layer fc[12]|example \\d+):? .*"), () -> "names no layer: " + message);
    }

    private static GradientProviderContract<Sequence> contract(HostModel<Sequence> host) {
        return new GradientProviderContract<>() {
            @Override
            protected HostModel<Sequence> host() {
                return host;
            }
        };
    }
}
