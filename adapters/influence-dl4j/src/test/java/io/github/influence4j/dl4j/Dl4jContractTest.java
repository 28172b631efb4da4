package io.github.influence4j.dl4j;

import io.github.influence4j.testkit.GradientProviderContract;
import io.github.influence4j.testkit.HostModel;
import java.util.Objects;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;

/** The test kit's contract for stacks and graphs, judged by DL4J's own losses. */
class Dl4jContractTest {

    @Nested
    class Dense extends GradientProviderContract<DataSet> {
        @Override
        protected HostModel<DataSet> host() {
            MultiLayerNetwork network = Networks.dense(3);
            return new Dl4jHost(
                    Dl4jProvider.of(network),
                    Networks.vectors(5, 11),
                    data -> network.scoreExamples(data, false),
                    network::output,
                    name -> Objects.requireNonNull(network.getParam(name.replace("layer", ""))));
        }
    }

    @Nested
    class Convolutions extends GradientProviderContract<DataSet> {
        @Override
        protected HostModel<DataSet> host() {
            MultiLayerNetwork network = Networks.convolutions(3);
            return new Dl4jHost(
                    Dl4jProvider.of(network, "bn"),
                    Networks.images(5, 11),
                    data -> network.scoreExamples(data, false),
                    network::output,
                    name -> Objects.requireNonNull(network.getParam(name.replace("c1", "0")
                            .replace("c2", "3")
                            .replace("fc", "4")
                            .replace("out", "5"))));
        }
    }

    @Nested
    class Graph extends GradientProviderContract<DataSet> {
        @Override
        protected HostModel<DataSet> host() {
            return graph(Activation.IDENTITY);
        }
    }

    @Nested
    class GraphOfConvolutions extends GradientProviderContract<DataSet> {
        @Override
        protected HostModel<DataSet> host() {
            return Dl4jContractTest.host(Networks.branches(3), Networks.images(5, 11));
        }
    }

    @Test
    void squaredErrorThroughAnActivation() {
        // draws are normal behind the tanh, so the contract's last test does not apply
        GradientProviderContract<DataSet> contract = new GradientProviderContract<>() {
            @Override
            protected HostModel<DataSet> host() {
                return graph(Activation.TANH);
            }
        };
        contract.gradientsAreThoseOfTheLoss();
        contract.sampledLabelsAreDetermined();
    }

    private static HostModel<DataSet> graph(Activation output) {
        return host(Networks.residual(3, output), Networks.values(5, 11), "bn");
    }

    private static HostModel<DataSet> host(ComputationGraph graph, DataSet data, String... excluded) {
        return new Dl4jHost(
                Dl4jProvider.of(graph, excluded),
                data,
                examples -> graph.scoreExamples(examples, false),
                features -> graph.outputSingle(features),
                name -> Objects.requireNonNull(graph.getParam(name)));
    }
}
