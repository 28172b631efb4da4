"""Runs docs/captures_export.py on models with convolutions, shared layers and padding, for the readers in Java.

exporter_check.py EXPORTER OUT    writes OUT/NAME.safetensors, and the gradients of autograd as OUT/NAME.gradients
"""

import importlib.util
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

spec = importlib.util.spec_from_file_location("captures_export", sys.argv[1])
captures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(captures)
out = pathlib.Path(sys.argv[2])
torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


def check(name, model, layers, loss, objective, **options):
    captures.export(str(out / f"{name}.safetensors"), model, layers, loss, objective, **options)
    loss(model).sum().backward()
    gradients = {}
    for layer in layers:
        module = model.get_submodule(layer)
        weight = module.weight.grad.flatten(1)
        bias = [] if module.bias is None else [module.bias.grad[:, None]]
        gradients[layer] = torch.cat([weight, *bias], 1).contiguous()
    save_file(gradients, str(out / f"{name}.gradients"))


images = torch.randn(5, 2, 7, 6)
convolutions = nn.Sequential(
    nn.Conv2d(2, 3, 3, padding=1),
    nn.Tanh(),
    nn.Conv2d(3, 4, (2, 3), stride=2, dilation=(1, 2), bias=False),
    nn.Tanh(),
    nn.Flatten(),
    nn.LazyLinear(3),
)
convolutions(images)
labels = torch.randint(3, (5,))
check(
    "conv",
    convolutions,
    ["0", "2", "5"],
    lambda m: nn.functional.cross_entropy(m(images), labels, reduction="none"),
    "training",
    ids=torch.arange(5) * 10,
)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(torch.tanh(self.cell(torch.tanh(self.cell(x)))))


tokens, targets = torch.randn(6, 5, 4), torch.randint(3, (6, 5))
mask = (torch.arange(5)[None] <= torch.arange(6)[:, None] % 5).to(torch.uint8)


def token_loss(model):
    losses = nn.functional.cross_entropy(model(tokens).flatten(0, 1), targets.flatten(), reduction="none")
    return (losses.view(mask.shape) * mask).sum(1)


check("whole", Shared(), ["cell", "head"], token_loss, "training", mask=mask, rank=50)
check("shared", Shared(), ["cell", "head"], token_loss, "measurement", mask=mask, fingerprint="step-100")
