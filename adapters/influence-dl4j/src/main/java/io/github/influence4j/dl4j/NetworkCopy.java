package io.github.influence4j.dl4j;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An own copy of the user's network, which may be changed, behind what the two kinds of network have in common. */
sealed interface NetworkCopy {

    /** A layer and its name. */
    record Named(String name, Layer layer) {}

    /** The layers, in the network's order. */
    List<Named> layers();

    /** Puts another implementation in the place of a layer. */
    void replace(int index, Layer layer);

    /** Runs forwards and backwards. */
    void backpropagate(INDArray features, INDArray labels);

    /** All parameters. */
    INDArray parameters();

    /** The configuration as text. */
    String configuration();

    /** Copies a network, without its updater and listeners. */
    static NetworkCopy of(MultiLayerNetwork network) {
        MultiLayerNetwork copy =
                new MultiLayerNetwork(network.getLayerWiseConfigurations().clone());
        copy.init(network.params().dup(), false);
        return new OfLayers(copy);
    }

    /** Copies a graph, without its updater and listeners. */
    static NetworkCopy of(ComputationGraph graph) {
        if (graph.getNumInputArrays() != 1 || graph.getNumOutputArrays() != 1) {
            throw new IllegalArgumentException("expected a graph with one input and one output, found "
                    + graph.getConfiguration().getNetworkInputs() + " and "
                    + graph.getConfiguration().getNetworkOutputs());
        }
        // not graph.clone(), whose copy shares the list of listeners
        ComputationGraph copy = new ComputationGraph(graph.getConfiguration().clone());
        copy.init(graph.params().dup(), false);
        return new OfGraph(copy);
    }

    /** A stack of layers. */
    record OfLayers(MultiLayerNetwork network) implements NetworkCopy {
        @Override
        public List<Named> layers() {
            List<Named> layers = new ArrayList<>();
            for (int l = 0; l < network.getnLayers(); l++) {
                String name = network.getLayer(l).conf().getLayer().getLayerName();
                layers.add(new Named(name == null ? "layer" + l : name, network.getLayer(l)));
            }
            return layers;
        }

        @Override
        public void replace(int index, Layer layer) {
            network.getLayers()[index] = layer;
        }

        @Override
        public void backpropagate(INDArray features, INDArray labels) {
            network.setInput(features);
            network.setLabels(labels);
            network.computeGradientAndScore();
            network.clear();
        }

        @Override
        public INDArray parameters() {
            return network.params();
        }

        @Override
        public String configuration() {
            return network.getLayerWiseConfigurations().toJson();
        }
    }

    /** A graph of layers. */
    record OfGraph(ComputationGraph network) implements NetworkCopy {
        private List<LayerVertex> vertices() {
            List<LayerVertex> vertices = new ArrayList<>();
            for (int v : network.topologicalSortOrder()) {
                GraphVertex vertex = network.getVertices()[v];
                if (vertex instanceof LayerVertex layer) {
                    vertices.add(layer);
                }
            }
            return vertices;
        }

        @Override
        public List<Named> layers() {
            return vertices().stream()
                    .map(v -> new Named(v.getVertexName(), v.getLayer()))
                    .toList();
        }

        @Override
        public void replace(int index, Layer layer) {
            vertices().get(index).setLayer(layer);
        }

        @Override
        public void backpropagate(INDArray features, INDArray labels) {
            network.setInputs(features);
            network.setLabels(labels);
            network.computeGradientAndScore();
            network.clear();
        }

        @Override
        public INDArray parameters() {
            return network.params();
        }

        @Override
        public String configuration() {
            return network.getConfiguration().toJson();
        }
    }
}
