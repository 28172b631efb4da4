"""Writes ../resources/finetuned/logits.safetensors: what transformers computes with checkpoints that `influence finetune` wrote.

Runs the command with every checkpoint of ../resources/parity-lm and every model of ../resources/gguf, in float64, loads what it wrote
as anybody would, and keeps the logits of the first lines of ../resources/finetuned/train.jsonl. FinetunedCheckpointTest compares them.

    python check_finetuned.py java -jar influence-cli/target/influence.jar

Made with transformers 5.18.0 and torch 2.15.0."""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from make_references import in_float64

ROOT = pathlib.Path(__file__).parent.parent / "resources"
OUT = ROOT / "finetuned"
LINES = 2


def models():
    for config in sorted((ROOT / "parity-lm").glob("*/config.json")):
        yield config.parent.name, config.parent
    for file in sorted((ROOT / "gguf").glob("*.gguf")):
        if file.stem != "types":
            yield file.name, file


def logits(folder, lines):
    model, loading = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", output_loading_info=True)
    wrong = {k: v for k, v in loading.items() if v}
    assert not wrong, wrong
    assert model.dtype == torch.float64, model.dtype
    for module in model.modules():
        if hasattr(module, "inv_freq"):  # loading has put them into float32
            default = module.rope_type == "default"
            make = module.compute_default_rope_parameters if default else ROPE_INIT_FUNCTIONS[module.rope_type]
            module.inv_freq = make(module.config, torch.device("cpu"))[0]
    with torch.no_grad():
        return torch.cat([model.eval()(torch.tensor([ids])).logits[0] for ids in lines])


def main(command):
    data = OUT / "train.jsonl"
    lines = [json.loads(line)["input_ids"] for line in data.read_text().splitlines()][:LINES]
    in_float64()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, model in models():
            out = pathlib.Path(folder) / name
            subprocess.run(command + ["finetune", "--model", model, "--data", data, "--out", out, "--epochs", "2", "--batch-size", "4",
                                      "--learning-rate", "0.003", "--precision", "float64", "--backend", "ejml"],
                           check=True, capture_output=True)
            found[name] = logits(out, lines).contiguous()
            if (out / "tokenizer.json").exists():
                tokenizer = AutoTokenizer.from_pretrained(out)
                text = "A text, with 12 numbers."
                print(name, "tokens", tokenizer(text).input_ids, repr(tokenizer.decode(tokenizer(text).input_ids)))
            before = load_file(model / "float64.safetensors")["logits"] if model.is_dir() else None
            print(name, tuple(found[name].shape), found[name].abs().max().item(), "" if before is None else before.abs().max().item())
    save_file(found, OUT / "logits.safetensors")


if __name__ == "__main__":
    main(sys.argv[1:])
