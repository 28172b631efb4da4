"""Writes the golden scores of two small models: golden.py KRONFLUENCE OUT

A convolutional network and a decoder get random weights and data; kronfluence computes EK-FAC scores in float64, damping
0.1 x the mean eigenvalue. Sampled labels are drawn as influence4j draws them, so that both fit the same factors. Written as
JSON: weights by the name of DJL's blocks, data, labels, scores by layer.
"""

import json
import math
import pathlib
import sys
import tempfile
import types

import torch
from torch import nn
from torch.utils.data import Dataset

SEED, TRAIN, QUERIES, TOKENS, VOCABULARY, WIDTH, HIDDEN, HEADS = 7, 40, 4, 5, 7, 6, 10, 2
BITS = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def stand_in_for_einconv():
    """kronfluence imports one function of einconv; paddings here are numbers."""

    def get_conv_paddings(kernel_size, stride, padding, dilation):
        return padding, padding

    package = types.ModuleType("einconv")
    package.utils = types.ModuleType("einconv.utils")
    package.utils.get_conv_paddings = get_conv_paddings
    sys.modules["einconv"] = package
    sys.modules["einconv.utils"] = package.utils


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & BITS
    return z ^ (z >> 31)


def uniform(example, position):
    """Objective.SampledLabels.uniform(example, position, 0)"""
    h = mix((SEED + GAMMA) & BITS)
    h = mix(h ^ mix((example + GAMMA) & BITS))
    h = mix(h ^ mix(((position << 32) + GAMMA) & BITS))
    return ((h >> 12) + 0.5) * 2.0**-52


def draw(logits, first_id=0):
    """A label for each example and position of logits [n, t, classes]."""
    p = torch.softmax(logits.detach(), -1)
    labels = torch.zeros(p.shape[:2], dtype=torch.int64)
    for e in range(p.shape[0]):
        for t in range(p.shape[1]):
            target = uniform(first_id + e, t) * float(p[e, t].sum())
            labels[e, t] = int((torch.cumsum(p[e, t], 0) <= target).sum())
    return labels


class Convolutions(nn.Module):
    names = {"c1": "01Conv2d", "c2": "03Conv2d", "fc": "06Linear"}

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(2, 3, 3, padding=1)
        self.c2 = nn.Conv2d(3, 4, 3, stride=2, bias=False)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        return self.fc(torch.tanh(self.c2(torch.tanh(self.c1(x)))).flatten(1))[:, None]

    def inputs(self, n):
        return torch.randn(n, 2, 6, 6)

    def labels(self, n):
        return torch.randint(3, (n, 1))


class Decoder(nn.Module):
    names = {
        "key": "03attention.01keyProjection",
        "query": "03attention.02queryProjection",
        "value": "03attention.03valueProjection",
        "result": "03attention.04resultProjection",
        "up": "05mlp.01Linear",
        "down": "05mlp.03Linear",
        "head": "07head",
    }

    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.zeros(VOCABULARY, WIDTH))
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.key, self.query = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.value, self.result = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def heads(self, x):
        return x.reshape(x.shape[0], x.shape[1], HEADS, -1).transpose(1, 2)

    def forward(self, tokens):
        x = self.embedding[tokens]
        a = self.norm1(x)
        k, q, v = self.heads(self.key(a)), self.heads(self.query(a)), self.heads(self.value(a))
        scores = q @ k.transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1) > 0, -1e5)
        x = x + self.result((scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape))
        x = x + self.down(nn.functional.gelu(self.up(self.norm2(x))))
        return self.head(x)

    def inputs(self, n):
        return torch.randint(VOCABULARY, (n, TOKENS))

    def labels(self, n):
        return torch.randint(VOCABULARY, (n, TOKENS))


class Examples(Dataset):
    def __init__(self, model, n):
        # float32 values, so that both sides compute with the same numbers
        self.inputs = model.inputs(n)
        if self.inputs.is_floating_point():
            self.inputs = self.inputs.float().double()
        self.labels = model.labels(n)
        self.sampled = draw(model(self.inputs))

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, k):
        return self.inputs[k], self.labels[k], self.sampled[k]


def golden(tree, kind, out):
    from kronfluence.analyzer import Analyzer, prepare_model
    from kronfluence.arguments import FactorArguments, ScoreArguments
    from kronfluence.task import Task

    torch.manual_seed(SEED)
    model = kind()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((0.5 * torch.randn(p.shape)).float().double())
    train, queries = Examples(model, TRAIN), Examples(model, QUERIES)

    def loss(batch, own, labels):
        return nn.functional.cross_entropy(own(batch[0]).flatten(0, 1), labels.flatten(), reduction="sum")

    class SummedLoss(Task):
        def compute_train_loss(self, batch, model, sample=False):
            return loss(batch, model, batch[2] if sample else batch[1])

        def compute_measurement(self, batch, model):
            return loss(batch, model, batch[1])

        def get_influence_tracked_modules(self):
            return list(kind.names)

    weights = {}
    for name, p in model.named_parameters():
        module, _, parameter = name.rpartition(".")
        weights[f"{kind.names.get(module, module)}/{parameter}" if module else name] = p.detach().flatten().tolist()
    task = SummedLoss()
    with tempfile.TemporaryDirectory() as folder:
        analyzer = Analyzer("golden", prepare_model(model, task), task, cpu=True, output_dir=folder, disable_tqdm=True)
        factors = FactorArguments(
            strategy="ekfac",
            activation_covariance_dtype=torch.float64,
            gradient_covariance_dtype=torch.float64,
            per_sample_gradient_dtype=torch.float64,
            lambda_dtype=torch.float64,
            eigendecomposition_dtype=torch.float64,
        )
        analyzer.fit_all_factors("f", train, factor_args=factors, per_device_batch_size=8)
        arguments = ScoreArguments(
            damping_factor=None,
            compute_per_module_scores=True,
            score_dtype=torch.float64,
            per_sample_gradient_dtype=torch.float64,
            precondition_dtype=torch.float64,
        )
        analyzer.compute_pairwise_scores(
            "s", "f", queries, train, QUERIES, per_device_train_batch_size=8, score_args=arguments
        )
        scores = analyzer.load_pairwise_scores("s")
    record = {
        "weights": weights,
        "train": {"inputs": train.inputs.flatten(1).tolist(), "labels": train.labels.tolist()},
        "queries": {"inputs": queries.inputs.flatten(1).tolist(), "labels": queries.labels.tolist()},
        "scores": {kind.names[name]: values.tolist() for name, values in scores.items()},
    }
    out.write_text(json.dumps(record))


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    stand_in_for_einconv()
    torch.set_default_dtype(torch.float64)
    folder = pathlib.Path(sys.argv[2])
    golden(sys.argv[1], Convolutions, folder / "convolutions.json")
    golden(sys.argv[1], Decoder, folder / "decoder.json")
