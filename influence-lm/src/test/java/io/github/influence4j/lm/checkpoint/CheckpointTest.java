package io.github.influence4j.lm.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that are opened, and folders that are refused with what to do. */
class CheckpointTest {

    private static final Path PARITY = Path.of("src/test/resources/parity-lm");

    @TempDir
    Path folder;

    /** Copies a checkpoint and changes its configuration. */
    private void copy(String family, String... changes) throws IOException {
        try (var files = Files.list(PARITY.resolve(family))) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith("model"))
                    .toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        configure(family, changes);
    }

    private void configure(String family, String... changes) throws IOException {
        String config = Files.readString(PARITY.resolve(family).resolve("config.json"));
        for (int k = 0; k < changes.length; k += 2) {
            assertTrue(config.contains(changes[k]), changes[k]);
            config = config.replace(changes[k], changes[k + 1]);
        }
        Files.writeString(folder.resolve("config.json"), config);
    }

    private DecoderShape shape() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return checkpoint.shape();
        }
    }

    private void model() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                MatrixBackend backend = MatrixBackends.pureJava()) {
            checkpoint
                    .decoder(
                            backend,
                            List.of(Decoder.linearMaps(checkpoint.shape())
                                    .get(0)
                                    .name()))
                    .close();
        }
    }

    private void refused(String... parts) {
        String message = String.valueOf(
                assertThrows(MalformedFileException.class, this::model).getMessage());
        assertTrue(message.startsWith(folder.toString()), message);
        assertEquals(1, message.lines().count(), message);
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void theOlderSpellingSaysTheSame() throws Exception {
        copy("llama3");
        DecoderShape now = shape();
        configure(
                "llama3",
                "\"rope_parameters\": {",
                "\"rope_theta\": 500000.0, \"rope_scaling\": {",
                "\"rope_theta\": 500000.0,\n    \"rope_type\"",
                "\"type\"");
        assertEquals(now, shape());
        configure("llama3", "\"rope_theta\": 500000.0", "\"rope_theta\": 500001.0");
        assertTrue(!now.equals(shape()));
    }

    @Test
    void pythiaInTheOlderSpelling() throws Exception {
        copy("gpt_neox");
        DecoderShape now = shape();
        String config = Files.readString(folder.resolve("config.json"));
        String older = config.replaceAll(
                        "(?s)\"rope_parameters\": \\{.*?\\}", "\"rotary_pct\": 0.25, \"rotary_emb_base\": 10000")
                .replace("\"attention_bias\": true,", "");
        Files.writeString(folder.resolve("config.json"), older);
        assertEquals(now, shape());
    }

    @Test
    void nullsAndWhatIsLeftOutAreTheFamilysOwn() throws Exception {
        copy("llama", "\"head_dim\": 6", "\"head_dim\": null", "\"mlp_bias\": false,", "");
        DecoderShape left = shape();
        configure("llama");
        assertEquals(shape(), left);
    }

    @Test
    void windowsAreOfTheBlocksThatHaveThem() throws Exception {
        copy("mistral", "\"sliding_window\": null", "\"sliding_window\": 4");
        assertTrue(shape().toString().contains("windows=[OptionalInt[4], OptionalInt[4]]"));
        configure(
                "qwen2",
                "\"sliding_window\": null",
                "\"sliding_window\": 4",
                "\"use_sliding_window\": false",
                "\"use_sliding_window\": true",
                "\"full_attention\",\n    \"full_attention\"",
                "\"full_attention\",\"sliding_attention\"");
        Files.delete(folder.resolve("model.safetensors"));
        Files.copy(PARITY.resolve("qwen2/model.safetensors"), folder.resolve("model.safetensors"));
        assertTrue(shape().toString().contains("windows=[OptionalInt.empty, OptionalInt[4]]"));
    }

    /** transformers 5.18 has 8 heads of keys for Mistral and 32 for Qwen, and a window of 4096, where the file does not say. */
    @Test
    void whatIsLeftOutIsTheFamilysOwn() throws Exception {
        copy("mistral", "  \"sliding_window\": null,\n", "");
        assertTrue(shape().toString().contains("windows=[OptionalInt[4096], OptionalInt[4096]]"));
        configure("mistral", "  \"num_key_value_heads\": 2,\n", "");
        refused("4 heads", "8");
        configure("mistral", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": null");
        refused("describes a model of 18168 numbers", "hold 17016");
    }

    @Test
    void downloadsThatLinkIntoACacheAreFollowed() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(PARITY.resolve("llama").resolve(name), cache.resolve("blob-" + name));
            Files.createSymbolicLink(folder.resolve(name), cache.resolve("blob-" + name));
        }
        model();
    }

    @Test
    void aWrongFolderIsNamed() throws Exception {
        refused("config.json: is missing", "expected the folder of a checkpoint");
        Path nowhere = folder.resolve("nowhere");
        assertThrows(MalformedFileException.class, () -> Checkpoint.open(nowhere));
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        refused("holds an adapter");
    }

    @Test
    void missingWeightsAreNamed() throws Exception {
        configure("llama");
        refused("has no model.safetensors");
        Files.writeString(folder.resolve("pytorch_model.bin"), "x");
        refused("convert it to safetensors");
    }

    @Test
    void aMissingShardIsNamed() throws Exception {
        copy("llama_bf16");
        model();
        Files.delete(folder.resolve("model-00002-of-00003.safetensors"));
        refused("lacks the shards [model-00002-of-00003.safetensors]", "download");
    }

    @Test
    void anIndexThatLeadsOutOfTheFolderIsRefused() throws Exception {
        copy("llama_bf16");
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, Files.readString(index).replace("model-00002-of-00003", "../model-00002-of-00003"));
        refused("is not the name of a file");
    }

    @Test
    void aShardWithoutItsTensorIsNamed() throws Exception {
        copy("llama_bf16");
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(
                index,
                Files.readString(index)
                        .replace("\"lm_head.weight\": \"model-00003", "\"lm_head.weight\": \"model-00001"));
        refused("model-00001-of-00003.safetensors: has no tensor \"lm_head.weight\"");
    }

    @Test
    void aTensorOfAnotherShapeIsNamedWithBothShapes() throws Exception {
        copy("llama", "\"intermediate_size\": 40", "\"intermediate_size\": 39");
        refused("tensor \"model.layers.0.mlp.gate_proj.weight\" is [40, 24], expected [39, 24]");
    }

    @Test
    void aConfigurationThatAsksForMoreThanTheFilesHoldIsRefusedBeforeAnythingIsAllocated() throws Exception {
        copy("llama", "\"vocab_size\": 160", "\"vocab_size\": 80000000");
        refused("describes a model of", "but the files beside it hold 13176 numbers");
        configure("llama", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 2000000000");
        refused("describes a model of 2000000000 blocks");
        configure("llama", "\"vocab_size\": 160", "\"vocab_size\": 2147483647");
        refused("config.json: describes a model");
    }

    @Test
    void tensorsThatTheModelDoesNotHaveAreRefused() throws Exception {
        copy("llama");
        Files.copy(
                PARITY.resolve("qwen2/model.safetensors"),
                folder.resolve("model.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        refused("has the tensor \"model.layers.0.self_attn.k_proj.bias\" and 5 more");
    }

    @Test
    void anUnknownFamilyIsNamed() throws Exception {
        copy("llama", "\"model_type\": \"llama\"", "\"model_type\": \"gemma3\"");
        refused("\"model_type\" must be one of [llama, mistral, qwen2", "found \"gemma3\"");
    }

    @Test
    void optionsThatChangeTheNumbersAreRefusedByName() throws Exception {
        copy("llama", "\"rope_type\": \"default\"", "\"rope_type\": \"yarn\", \"factor\": 4.0");
        refused("\"rope_type\" must be \"default\" or \"llama3\"", "yarn");
        configure("llama", "\"hidden_act\": \"silu\"", "\"hidden_act\": \"quick_gelu\"");
        refused("\"hidden_act\" must be silu", "quick_gelu");
        configure("llama", "\"rope_type\": \"default\"", "\"rope_type\": \"default\", \"partial_rotary_factor\": 0.67");
        refused("\"partial_rotary_factor\" turns 4 of the 6 numbers of a head");
        configure("llama", "\"rope_type\": \"default\"", "\"rope_type\": \"default\", \"partial_rotary_factor\": 1.0");
        model();
        for (String option : List.of(
                "\"logits_scaling\": 8.0",
                "\"residual_multiplier\": 0.2",
                "\"final_logit_softcapping\": 30.0",
                "\"num_local_experts\": 8",
                "\"quantization_config\": {\"bits\": 4}",
                "\"rope_interleaved\": true",
                "\"no_rope_layers\": [1, 0]")) {
            configure("llama", "\"vocab_size\": 160", "\"vocab_size\": 160, " + option);
            refused("options that are not known for llama", option.substring(0, option.indexOf(':')));
        }
        configure(
                "llama",
                "\"vocab_size\": 160",
                "\"vocab_size\": 160, \"rope_interleaved\": false, \"is_llama_config\": true");
        model();
        configure("llama", "\"pretraining_tp\": 1", "\"pretraining_tp\": 2");
        refused("\"pretraining_tp\" = 2");
    }

    @Test
    void gpt2WithOtherScalesIsRefused() throws Exception {
        copy("gpt2", "\"scale_attn_by_inverse_layer_idx\": false", "\"scale_attn_by_inverse_layer_idx\": true");
        refused("\"scale_attn_by_inverse_layer_idx\" must be false");
    }
}
