"""Writes float64.safetensors beside each checkpoint of ../resources/parity-lm: what transformers computes with it in float64.

expected.safetensors, which came with the checkpoints, is of a model in float64 too, but transformers computes softmax, RMS norms
and rotary positions in float32 whatever the model's type: its numbers are good to 1e-7. Here the same code runs with every such
step in float64. Run with --check to see that the files which came with the checkpoints are reproduced to the bit first.

Made with transformers 5.18.0 and torch 2.15.0."""
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

ROOT = pathlib.Path(__file__).parent.parent / "resources/parity-lm"


def run(folder, wide=False):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    for module in model.modules() if wide else ():
        if hasattr(module, "inv_freq"):  # loading has put them into float32
            default = module.rope_type == "default"
            make = module.compute_default_rope_parameters if default else ROPE_INIT_FUNCTIONS[module.rope_type]
            module.inv_freq = make(module.config, torch.device("cpu"))[0]
            assert module.inv_freq.dtype == torch.float64
    batch = load_file(folder / "batch.safetensors")
    found, hooks = {}, []

    def track(name, module):
        def forward(_, inputs, output):
            found[name + "/activations"] = inputs[0].detach()
            output.register_hook(lambda g: found.__setitem__(name + "/output_gradients", g.detach()))
        hooks.append(module.register_forward_hook(forward))

    names = [k.split("/")[0] for k in load_file(folder / "expected.safetensors") if k.endswith("/activations")]
    modules = dict(model.named_modules())
    for name in names:
        track(name, modules[name])
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
    labels = batch["labels"][:, 1:]
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]), labels.reshape(-1), reduction="none", ignore_index=-100).view(labels.shape)
    losses.sum().backward()
    real = batch["attention_mask"].bool()
    result = {"logits": logits.detach() * real[..., None], "loss": losses.sum(1).detach()}
    for name, value in found.items():
        result[name] = value.view(*real.shape, -1) * real[..., None]
    return {k: v.contiguous() for k, v in result.items()}


def in_float64():
    """float32 becomes float64 wherever transformers asks for it."""
    wide = lambda t: torch.float64 if t is torch.float32 else t
    to, softmax, arange = torch.Tensor.to, torch.nn.functional.softmax, torch.arange
    torch.arange = lambda *a, **k: arange(*a, **{n: wide(v) for n, v in k.items()})
    torch.Tensor.to = lambda self, *a, **k: to(self, *map(wide, a), **{n: wide(v) for n, v in k.items()})
    torch.Tensor.float = lambda self: to(self, torch.float64)
    torch.nn.functional.softmax = lambda x, dim=None, dtype=None, **k: softmax(x, dim=dim, dtype=wide(dtype), **k)


def main():
    folders = sorted(p.parent for p in ROOT.glob("*/config.json"))
    if "--check" in sys.argv:
        for folder in folders:
            expected, found = load_file(folder / "expected.safetensors"), run(folder)
            print(folder.name, max((expected[k].double() - found[k]).abs().max().item() for k in expected))
        return
    in_float64()
    for folder in folders:
        found, expected = run(folder, wide=True), load_file(folder / "expected.safetensors")
        difference = max(((expected[k] - found[k]).abs().max() / expected[k].abs().max()).item() for k in expected)
        print(folder.name, "differs from expected.safetensors by", difference)
        save_file(found, folder / "float64.safetensors")


if __name__ == "__main__":
    main()
