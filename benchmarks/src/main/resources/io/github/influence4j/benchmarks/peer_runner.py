"""Runs kronfluence on a workload that PeerComparison wrote, and times its stages.

Reads WORK/workload.json and WORK/data.safetensors; writes WORK/result.json, WORK/pairwise.f32 and WORK/self.f32
(raw little-endian float32). Stages are printed as they end, and WORK/result.json holds those that did.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import sys
import tempfile
import time
import types

import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import Dataset, Subset


def stand_in_for_einconv():
    """kronfluence imports one function of einconv, for paddings given as strings; nothing here has any."""

    def get_conv_paddings(*args, **kwargs):
        raise NotImplementedError("paddings of convolutions are not used here")

    package = types.ModuleType("einconv")
    package.utils = types.ModuleType("einconv.utils")
    package.utils.get_conv_paddings = get_conv_paddings
    sys.modules["einconv"] = package
    sys.modules["einconv.utils"] = package.utils


class PositionwiseMlp(nn.Module):
    """Dense layers linear0, linear1, … with an activation between them."""

    def __init__(self, tensors, layers, activation):
        super().__init__()
        self.count = layers
        self.activation = {"RELU": torch.relu, "SQUARE": torch.square}[activation]
        for index in range(layers):
            weight = tensors[f"linear{index}.weight"]
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data = weight
            linear.bias.data = tensors[f"linear{index}.bias"]
            setattr(self, f"linear{index}", linear)

    def forward(self, x):
        for index in range(self.count):
            x = getattr(self, f"linear{index}")(x)
            if index < self.count - 1:
                x = self.activation(x)
        return x


class Examples(Dataset):
    """Inputs, targets and the targets drawn for the Fisher passes. With one position there is no position axis."""

    def __init__(self, tensors, name, classes):
        self.parts = [tensors[f"{name}.{part}"] for part in ("inputs", "targets", "sampled")]
        if classes:
            self.parts = [self.parts[0]] + [part.long().squeeze(-1) for part in self.parts[1:]]
        if self.parts[0].shape[1] == 1:
            self.parts = [part.squeeze(1) for part in self.parts]

    def __len__(self):
        return len(self.parts[0])

    def __getitem__(self, index):
        return tuple(part[index] for part in self.parts)


def summed_loss(outputs, targets, classes):
    if classes:
        return nn.functional.cross_entropy(outputs.flatten(0, -2), targets.flatten(), reduction="sum")
    return 0.5 * (outputs - targets).square().sum()


def synchronise(device):
    if device == "cuda":
        torch.cuda.synchronize()


def sgemm_gflops(device, order, repeats=7):
    a, b = torch.randn(order, order, device=device), torch.randn(order, order, device=device)
    seconds = []
    for _ in range(3 + repeats):
        synchronise(device)
        start = time.perf_counter()
        torch.mm(a, b)
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return 2e-9 * order**3 / statistics.median(seconds[3:])


def run(tree, work, device, sgemm_order):
    sys.path.insert(0, tree)
    stand_in_for_einconv()
    from kronfluence.analyzer import Analyzer, prepare_model
    from kronfluence.arguments import FactorArguments, ScoreArguments
    from kronfluence.task import Task

    workload = json.loads((work / "workload.json").read_text())
    classes = workload["loss"] == "CROSS_ENTROPY"
    tensors = load_file(str(work / "data.safetensors"))
    train, queries = Examples(tensors, "train", classes), Examples(tensors, "queries", classes)

    class SummedLoss(Task):
        def compute_train_loss(self, batch, model, sample=False):
            inputs, targets, sampled = batch
            return summed_loss(model(inputs), sampled if sample else targets, classes)

        def compute_measurement(self, batch, model):
            return self.compute_train_loss(batch, model)

    model = PositionwiseMlp(tensors, workload["layers"], workload["activation"])
    # the first use of a kernel is not what is measured
    sgemm = sgemm_gflops(device, sgemm_order)
    summed_loss(model(train.parts[0][:2]), train.parts[1][:2], classes).backward()
    model.zero_grad()

    task = SummedLoss()
    batch_size = workload["peerBatchSize"]
    output = tempfile.mkdtemp(prefix="kronfluence", dir=work)
    try:
        analyzer = Analyzer(
            "peer",
            prepare_model(model, task),
            task,
            cpu=device == "cpu",
            disable_tqdm=True,
            output_dir=output,
        )

        def stages(name, train, done):
            """Runs all stages, with factors and scores of a name, and tells the seconds of each."""

            def timed(stage, call, **arguments):
                synchronise(device)
                start = time.perf_counter()
                call(**arguments, overwrite_output_dir=True)
                synchronise(device)
                done(stage, time.perf_counter() - start)

            factors = {"factors_name": name, "factor_args": FactorArguments(strategy="ekfac")}
            data = {"dataset": train, "per_device_batch_size": batch_size}
            timed("covariance", analyzer.fit_covariance_matrices, **factors, **data)
            timed("eigen", analyzer.perform_eigendecomposition, **factors)
            timed("lambda", analyzer.fit_lambda_matrices, **factors, **data)
            scores = {"factors_name": name, "train_dataset": train, "per_device_train_batch_size": batch_size}
            pairs = {"query_dataset": queries, "per_device_query_batch_size": len(queries)}
            whole = ScoreArguments(damping_factor=None)
            timed(
                "pairwise",
                analyzer.compute_pairwise_scores,
                **scores,
                **pairs,
                scores_name=name + "_pairwise",
                score_args=whole,
            )
            if workload["lowRank"] > 0:
                timed(
                    "pairwise_low_rank",
                    analyzer.compute_pairwise_scores,
                    **scores,
                    **pairs,
                    scores_name=name + "_low_rank",
                    score_args=ScoreArguments(damping_factor=None, query_gradient_low_rank=workload["lowRank"]),
                )
            timed("self", analyzer.compute_self_scores, **scores, scores_name=name + "_self", score_args=whole)

        if device == "cuda":
            # kernels are loaded when they are first used: one batch goes through all stages before
            stages("warm", Subset(train, range(min(batch_size, len(train)))), lambda stage, seconds: None)
        result = {
            "seconds": {},
            "sgemmGflops": sgemm,
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        }

        def done(stage, seconds):
            result["seconds"][stage] = seconds
            (work / "result.json").write_text(json.dumps(result))
            print(f"{stage} {seconds:.4f} s", flush=True)

        stages("ekfac", train, done)
        for name, load in (("pairwise", analyzer.load_pairwise_scores), ("self", analyzer.load_self_scores)):
            scores = load(f"ekfac_{name}")["all_modules"]
            scores.float().contiguous().cpu().numpy().astype("<f4").tofile(work / f"{name}.f32")
    finally:
        shutil.rmtree(output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", help="kronfluence's source tree")
    parser.add_argument("work", type=pathlib.Path, help="folder with the workload")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--sgemm-order", type=int, default=2048)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    # plain float32, which is PyTorch's default for products
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    run(arguments.tree, arguments.work, arguments.device, arguments.sgemm_order)
