"""Times curvlinops's EK-FAC on a workload that PeerComparison wrote: curvlinops_peer.py WORK THREADS BATCH

Reads WORK/workload.json and WORK/data.safetensors as kronfluence's runner does. curvlinops has operators and no scores: factors
are those of its empirical Fisher on the labels that were drawn, the inverse is applied to all queries at once with one damping for
all layers, and per-example gradients and their products with the queries are this script's (torch.func). Prints the seconds of
the fit (factors, decompositions, corrected eigenvalues) and of the scores as JSON, and writes WORK/curvlinops.f32, the scores
with the damping of each layer, which are not timed: one inverse a layer, of which that layer's part is taken.
"""

import json
import pathlib
import sys
import time

import torch
from curvlinops import EKFACLinearOperator, FisherType, KFACInverseLinearOperator
from safetensors.torch import load_file
from torch import nn

work, threads, batch_size = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
workload = json.loads((work / "workload.json").read_text())
tensors = load_file(str(work / "data.safetensors"))
if workload["loss"] != "CROSS_ENTROPY" or tensors["train.inputs"].shape[1] != 1:
    sys.exit("curvlinops is compared on classes and one position")


def mlp():
    modules = []
    for index in range(workload["layers"]):
        weight = tensors[f"linear{index}.weight"]
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight.data, linear.bias.data = weight, tensors[f"linear{index}.bias"]
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def data(name, labels):
    return tensors[f"{name}.inputs"].squeeze(1), tensors[f"{name}.{labels}"].long().flatten()


model, loss = mlp(), nn.CrossEntropyLoss(reduction="sum")
parameters = dict(model.named_parameters())
names = list(parameters)


def gradients(inputs, targets):
    """Of each example, a row of all parameters."""

    def one(p, x, y):
        return loss(torch.func.functional_call(model, p, (x.unsqueeze(0),)), y.unsqueeze(0))

    detached = {name: value.detach() for name, value in parameters.items()}
    found = torch.func.vmap(torch.func.grad(one), (None, 0, 0))(detached, inputs, targets)
    return torch.cat([found[name].flatten(1) for name in names], 1)


def batches(inputs, targets):
    return list(zip(inputs.split(batch_size), targets.split(batch_size)))


start = time.perf_counter()
operator = EKFACLinearOperator(
    model,
    loss,
    list(parameters.values()),
    batches(*data("train", "sampled")),
    check_deterministic=False,
    fisher_type=FisherType.EMPIRICAL,
    separate_weight_and_bias=False,
)
operator.compute_kronecker_factors()
operator.compute_eigenvalue_correction()
fit = time.perf_counter() - start

count = len(tensors["train.inputs"])
# by the name of a module: they come in the order of the backward pass
means = [operator._corrected_eigenvalues[str(2 * index)].mean().item() for index in range(workload["layers"])]
layers = [
    parameters[f"{2 * index}.weight"].numel() + parameters[f"{2 * index}.bias"].numel()
    for index in range(workload["layers"])
]


def solved(damping, questions):
    return (KFACInverseLinearOperator(operator, damping=damping, use_exact_damping=True) @ questions.T).T


def scores(solution):
    return torch.cat([solution @ gradients(*batch).T for batch in batches(*data("train", "targets"))], 1)


start = time.perf_counter()
mean = sum(m * size for m, size in zip(means, layers)) / sum(layers)
scores(solved(0.1 * mean, gradients(*data("queries", "targets"))))
pairwise = time.perf_counter() - start

questions = gradients(*data("queries", "targets"))
parts, first = [], 0
for m, size in zip(means, layers):
    parts.append(solved(0.1 * m, questions)[:, first : first + size])
    first += size
# the operator adds up over the training set where influence4j takes the mean
(scores(torch.cat(parts, 1)) * count).contiguous().numpy().astype("<f4").tofile(work / "curvlinops.f32")
print(json.dumps({"seconds": {"fit": fit, "pairwise": pairwise}}))
