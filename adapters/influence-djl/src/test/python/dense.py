"""Writes golden captures and dense golden scores: dense.py FOLDER [KRONFLUENCE]

captures.json: patches and output gradients of the network of convolutions.json, by torch's unfold and autograd.
grouped.json, shared.json: a grouped convolution and a linear layer that runs three times. Gradients are those that autograd
gives for one example at a time; dot products and EK-FAC scores (damping 0.1 x the mean eigenvalue) come from dense float64
algebra, the curvature of each layer as one matrix that is solved against. With a kronfluence tree, prints how far its dot
products are from autograd's.
"""

import json
import pathlib
import sys
import tempfile

import torch
from torch import nn
from torch.nn.functional import cross_entropy, unfold

from golden import SEED, Convolutions, Examples, stand_in_for_einconv

TRAIN, QUERIES = 40, 4


class Grouped(nn.Module):
    names = {"c1": "01Conv2d", "c2": "03Conv2d", "fc": "06Linear"}

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(2, 4, 3, padding=1)
        self.c2 = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2, bias=False)
        self.fc = nn.Linear(60, 3)

    def forward(self, x):
        return self.fc(torch.tanh(self.c2(torch.tanh(self.c1(x)))).flatten(1))[:, None]

    def inputs(self, n):
        return torch.randn(n, 2, 6, 6)

    def labels(self, n):
        return torch.randint(3, (n, 1))


class Shared(nn.Module):
    names = {"twice": "01Linear", "fc": "07Linear"}

    def __init__(self):
        super().__init__()
        self.twice, self.fc = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        for _ in range(3):
            x = torch.tanh(self.twice(x))
        return self.fc(x)[:, None]

    def inputs(self, n):
        return torch.randn(n, 4)

    def labels(self, n):
        return torch.randint(3, (n, 1))


def loss(model, x, y):
    return cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum")


def positions(model, x, y):
    """Inputs [rows, in] and output gradients [rows, out] of every use of every module, example by example; patches by unfold."""
    uses = {}
    hooks = []
    for name, module in model.named_children():

        def keep(module, inputs, output, name=name):
            output.retain_grad()
            uses.setdefault(name, []).append((inputs[0].detach(), output))

        hooks.append(module.register_forward_hook(keep))
    loss(model, x, y).backward()
    for hook in hooks:
        hook.remove()
    captures = {}
    for name, runs in uses.items():
        module = getattr(model, name)
        for a, s in runs:
            if isinstance(module, nn.Conv2d):
                a = unfold(a, module.kernel_size, module.dilation, module.padding, module.stride).transpose(1, 2)
                g = s.grad.flatten(2).transpose(1, 2)
            else:
                a, g = a[:, None], s.grad[:, None]
            captures.setdefault(name, []).append((a, g))
    model.zero_grad()
    return {n: tuple(torch.cat(part, 1) for part in zip(*runs)) for n, runs in captures.items()}


def blocks(module, name):
    """The linear maps that a module is: name, slice of its inputs, slice of its outputs."""
    groups = getattr(module, "groups", 1)
    outputs = module.weight.shape[0] // groups
    inputs = module.weight[0].numel()
    for k in range(groups):
        own = name if groups == 1 else f"{name}[{k}]"
        yield own, slice(k * inputs, (k + 1) * inputs), slice(k * outputs, (k + 1) * outputs)


def autograd(model, name, outputs, xs, ys):
    """Gradients of examples, one backward pass each, [n, out, in (+ 1)]."""
    module = getattr(model, name)
    rows = []
    for k in range(len(xs)):
        weights = [module.weight] + ([module.bias] if module.bias is not None else [])
        parts = torch.autograd.grad(loss(model, xs[k : k + 1], ys[k : k + 1]), weights)
        g = parts[0].flatten(1)
        rows.append((torch.cat([g, parts[1][:, None]], 1) if len(parts) > 1 else g)[outputs])
    return torch.stack(rows)


def scores(model, train, queries):
    sampled = positions(model, train.inputs, train.sampled)
    dot, ekfac = {}, {}
    for name, module in model.named_children():
        a, g = (part.flatten(0, 1) for part in sampled[name])
        for own, inputs, outputs in blocks(module, model.names[name]):
            aa = a[:, inputs]
            if module.bias is not None:
                aa = torch.cat([aa, torch.ones(len(aa), 1)], 1)
            gg = g[:, outputs]
            qa = torch.linalg.eigh(aa.T @ aa / len(aa))[1]
            qs = torch.linalg.eigh(gg.T @ gg / len(gg))[1]
            pseudo = autograd(model, name, outputs, train.inputs, train.sampled)
            eigenvalues = ((qs.T @ pseudo @ qa) ** 2).mean(0).flatten()
            basis = torch.kron(qs, qa)  # gradients are flattened row by row
            curvature = basis @ torch.diag(eigenvalues) @ basis.T
            damped = curvature + 0.1 * eigenvalues.mean() * torch.eye(len(curvature))
            z = autograd(model, name, outputs, train.inputs, train.labels).flatten(1)
            q = autograd(model, name, outputs, queries.inputs, queries.labels).flatten(1)
            dot[own] = (q @ z.T).tolist()
            ekfac[own] = torch.linalg.solve(damped, q.T).T.matmul(z.T).tolist()
    return dot, ekfac


def kronfluence_dot(model, train, queries):
    from kronfluence.analyzer import Analyzer, prepare_model
    from kronfluence.arguments import FactorArguments, ScoreArguments
    from kronfluence.task import Task

    class SummedLoss(Task):
        def compute_train_loss(self, batch, model, sample=False):
            return loss(model, batch[0], batch[2] if sample else batch[1])

        def compute_measurement(self, batch, model):
            return loss(model, batch[0], batch[1])

        def get_influence_tracked_modules(self):
            return list(type(model).names)

    with tempfile.TemporaryDirectory() as folder:
        task = SummedLoss()
        analyzer = Analyzer("dense", prepare_model(model, task), task, cpu=True, output_dir=folder, disable_tqdm=True)
        factors = FactorArguments(strategy="identity", has_shared_parameters=True)
        analyzer.fit_all_factors("f", train, factor_args=factors, per_device_batch_size=8)
        options = ScoreArguments(compute_per_module_scores=True, damping_factor=0.0)
        analyzer.compute_pairwise_scores(
            "s", "f", queries, train, QUERIES, per_device_train_batch_size=8, score_args=options
        )
        return {k: v.double() for k, v in analyzer.load_pairwise_scores("s").items()}


def dense(kind, out, kronfluence):
    torch.manual_seed(SEED)
    model = kind()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((0.5 * torch.randn(p.shape)).float().double())
    train, queries = Examples(model, TRAIN), Examples(model, QUERIES)
    dot, ekfac = scores(model, train, queries)
    weights = {}
    for name, p in model.named_parameters():
        module, _, parameter = name.rpartition(".")
        weights[f"{kind.names[module]}/{parameter}"] = p.detach().flatten().tolist()
    record = {
        "weights": weights,
        "train": {"inputs": train.inputs.flatten(1).tolist(), "labels": train.labels.tolist()},
        "queries": {"inputs": queries.inputs.flatten(1).tolist(), "labels": queries.labels.tolist()},
        "dot": dot,
        "scores": ekfac,
    }
    out.write_text(json.dumps(record))
    if kronfluence:
        for name, found in kronfluence_dot(model, train, queries).items():
            own = [torch.tensor(v) for k, v in dot.items() if k.split("[")[0] == kind.names[name]]
            expected = sum(own)
            error = (found - expected).norm() / expected.norm()
            print(f"{kind.__name__} {name}: kronfluence's dot products are {100 * error:.2g} % from autograd's")


def captures(golden, out):
    record = json.loads(golden.read_text())
    model = Convolutions()
    own = {v: k for k, v in model.names.items()}
    with torch.no_grad():
        for name, values in record["weights"].items():
            module, parameter = name.split("/")
            p = getattr(getattr(model, own[module]), parameter)
            p.copy_(torch.tensor(values).reshape(p.shape))
    x = torch.tensor(record["train"]["inputs"][:3]).reshape(3, 2, 6, 6)
    y = torch.tensor(record["train"]["labels"][:3])
    found = positions(model, x, y)
    out.write_text(
        json.dumps(
            {
                model.names[n]: {"inputs": a.flatten(0, 1).tolist(), "gradients": g.flatten(0, 1).tolist()}
                for n, (a, g) in found.items()
            }
        )
    )


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    if len(sys.argv) > 2:
        sys.path.insert(0, sys.argv[2])
        stand_in_for_einconv()
    torch.set_default_dtype(torch.float64)
    captures(folder / "convolutions.json", folder / "captures.json")
    dense(Grouped, folder / "grouped.json", len(sys.argv) > 2)
    dense(Shared, folder / "shared.json", len(sys.argv) > 2)
