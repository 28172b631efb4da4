"""Writes ../resources/gguf: small GGUF files, and what the package gguf makes of their numbers.

types.gguf has a tensor of each type that is read, types.safetensors their numbers; llama.gguf and the like have the checkpoints
of ../resources/parity-lm in the layout of llama.cpp's converter, llama.gguf with the tokeniser of parity-lm/tokenizer.

Made with gguf 0.19.0."""
import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T
from safetensors.numpy import save_file
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).parent.parent / "resources"
OUT = ROOT / "gguf"


def types():
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(OUT / "types.gguf", "llama")
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    writer.add_bool("general.yes", True)
    writer.add_array("general.words", ["ä", "b"])
    writer.add_array("general.numbers", [1, -2, 3])
    expected = {}
    values = random.normal(size=(3, 512)).astype(np.float32)
    values[1] *= 1e-3
    for kind in (T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1):
        data = values.astype(np.float16) if kind == T.F16 else values if kind == T.F32 else gguf.quants.quantize(values, kind)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = values.astype(np.float16).astype(np.float32) if kind == T.F16 else gguf.quants.dequantize(data, kind)
    # the package reads these types and does not write them: any bytes are numbers, with scales that are not too large
    for kind, size, scales in ((T.Q4_K, 144, (0, 1)), (T.Q6_K, 210, (104,))):
        data = random.integers(0, 256, size=(3, 2, size), dtype=np.uint8)
        for at in scales:
            data.view(np.float16)[:, :, at] = random.normal(size=(3, 2)) * 1e-2
        data = data.reshape(3, 2 * size)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = gguf.quants.dequantize(data, kind)
    finish(writer)
    save_file({k: np.ascontiguousarray(v.astype(np.float32)) for k, v in expected.items()}, OUT / "types.safetensors")


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def pairs_together(weight, heads):
    """llama.cpp turns numbers that lie next to each other, transformers those that lie half a head apart."""
    rows = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return rows.swapaxes(1, 2).reshape(weight.shape)


def apart(weight, heads):
    """All queries, all keys, all values, in place of the three of each head."""
    rows = weight.reshape(heads, 3, weight.shape[0] // heads // 3, *weight.shape[1:])
    return rows.swapaxes(0, 1).reshape(weight.shape)


BLOCK = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down", "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output",
    "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down"}
OUTSIDE = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "transformer.wte": "token_embd",
    "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm", "gpt_neox.embed_in": "token_embd",
    "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output"}


def model(family):
    folder = ROOT / "parity-lm" / family
    config = json.loads((folder / "config.json").read_text())
    kind = config["model_type"]
    arch = {"mistral": "llama", "gpt_neox": "gptneox"}.get(kind, kind)
    get = lambda *names: next(config[n] for n in names if config.get(n) is not None)
    width, heads = get("hidden_size", "n_embd"), get("num_attention_heads", "n_head")
    writer = gguf.GGUFWriter(OUT / (family + ".gguf"), arch)
    writer.add_context_length(get("max_position_embeddings", "n_positions"))
    writer.add_embedding_length(width)
    writer.add_block_count(get("num_hidden_layers", "n_layer"))
    writer.add_feed_forward_length(config.get("intermediate_size") or 4 * width)
    writer.add_head_count(heads)
    if "num_key_value_heads" in config:
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_vocab_size(config["vocab_size"])
    else:
        writer.add_layer_norm_eps(get("layer_norm_epsilon", "layer_norm_eps"))
    rope = config.get("rope_parameters")
    head = config.get("head_dim") or width // heads
    if rope:
        writer.add_rope_freq_base(rope["rope_theta"])
        writer.add_rope_dimension_count(int(head * rope.get("partial_rotary_factor", 1)))
    if config.get("head_dim"):
        writer.add_key_length(head)
        writer.add_value_length(head)
    if kind == "gpt_neox":
        writer.add_parallel_residual(config["use_parallel_residual"])
    if rope and rope["rope_type"] == "llama3":
        inverse = 1 / (rope["rope_theta"] ** (np.arange(0, head, 2, dtype=np.float32) / head))
        old, factor = rope["original_max_position_embeddings"], rope["factor"]
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        divisors = []
        for wave in 2 * np.pi / inverse:
            smooth = (old / wave - low) / (high - low)
            divisors.append(1 if wave < old / high else factor if wave > old / low else 1 / ((1 - smooth) / factor + smooth))
        writer.add_tensor("rope_freqs.weight", np.array(divisors, dtype=np.float32))
    for file in sorted(folder.glob("model*.safetensors")):
        for name, tensor in load_file(file).items():
            weight = tensor.float().numpy()
            base, part = name.rsplit(".", 1)
            if base in OUTSIDE:
                writer.add_tensor(OUTSIDE[base] + "." + part, weight)
                continue
            layer, rest = base.split(".", 3)[2:] if not base.startswith("transformer") else base.split(".", 3)[2:]
            short = BLOCK.get(rest)
            if kind == "olmo2":
                short = {"post_attention_layernorm": "post_attention_norm",
                         "post_feedforward_layernorm": "post_ffw_norm"}.get(rest, short)
            if arch == "llama" and rest == "self_attn.q_proj":
                weight = pairs_together(weight, heads)
            if arch == "llama" and rest == "self_attn.k_proj":
                weight = pairs_together(weight, config["num_key_value_heads"])
            if rest == "attention.query_key_value":
                weight = apart(weight, heads)
            if kind == "gpt2" and weight.ndim == 2:
                weight = np.ascontiguousarray(weight.T)
            writer.add_tensor(f"blk.{layer}.{short}.{part}", np.ascontiguousarray(weight))
    if family == "llama":
        tokenizer(writer)
    finish(writer)


def tokenizer(writer):
    folder = ROOT / "parity-lm/tokenizer"
    source = json.loads((folder / "tokenizer.json").read_text())
    config = json.loads((folder / "tokenizer_config.json").read_text())
    vocabulary = source["model"]["vocab"]
    special = {each["content"] for each in source["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    tokens = sorted(vocabulary, key=vocabulary.get)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in source["model"]["merges"]])
    writer.add_bos_token_id(vocabulary[config["bos_token"]])
    writer.add_eos_token_id(vocabulary[config["eos_token"]])
    writer.add_chat_template(config["chat_template"])


def main():
    OUT.mkdir(exist_ok=True)
    types()
    for family in ("llama", "llama3", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"):
        model(family)


main()
