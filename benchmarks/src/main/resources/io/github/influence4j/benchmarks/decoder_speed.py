"""Times forward and backward of a Llama of SmolLM2-135M's form in PyTorch: decoder_speed.py FOLDER THREADS RUNS

The first call makes the model with random weights in FOLDER. The batch is FOLDER/tokens.json. Prints the seconds of each run
and the summed loss as JSON. The model is transformers' own, with the attention that it chooses itself.
"""

import json
import pathlib
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

folder, threads, runs = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
if not (folder / "model.safetensors").exists():
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
tokens = torch.tensor(json.loads((folder / "tokens.json").read_text()))
seconds = []
for _ in range(runs):
    model.zero_grad(set_to_none=True)
    start = time.perf_counter()
    logits = model(input_ids=tokens, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")
    loss.backward()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "loss": loss.item()}))
