"""Exchanges factors and scores with kronfluence. Needs torch, safetensors and a checkout of kronfluence.

    kronfluence_exchange.py golden KRONFLUENCE EXPORTER OUT    writes captures, factors and scores: the golden set of the tests
    kronfluence_exchange.py kinds KRONFLUENCE OUT              writes EK-FAC's factors in every type and in partitions, with scores
    kronfluence_exchange.py score KRONFLUENCE STRATEGY FACTORS OUT   scores with factors that influence4j wrote

The model, the data and the labels that stand for sampled ones are made from one seed, in float64, so both commands see the same.
"""

import importlib.util
import pathlib
import shutil
import sys
import tempfile
import types

import torch
from torch import nn
from torch.utils.data import Dataset

TRAIN, QUERIES, TOKENS, FEATURES, CLASSES = 24, 3, 4, 5, 3
STRATEGIES = ["identity", "diagonal", "kfac", "ekfac"]

# name, type of covariances and Lambda, partitions of data and of modules; partitions in float64, as kronfluence rounds their sum
KINDS = [("f32", torch.float32, 1, 1), ("bf16", torch.bfloat16, 1, 1), ("f16", torch.float16, 1, 1),
         ("data", torch.float64, 3, 1), ("modules", torch.float64, 1, 2), ("both", torch.float64, 2, 2)]

# what EK-FAC is scored with
NEEDED = ["activation_eigenvectors", "activation_eigenvalues", "gradient_eigenvectors", "gradient_eigenvalues", "lambda_matrix",
          "num_lambda_processed"]


def stand_in_for_einconv():
    """kronfluence imports one function of einconv, for paddings given as strings; nothing here has any."""

    def get_conv_paddings(*args, **kwargs):
        raise NotImplementedError("paddings of convolutions are not used here")

    package = types.ModuleType("einconv")
    package.utils = types.ModuleType("einconv.utils")
    package.utils.get_conv_paddings = get_conv_paddings
    sys.modules["einconv"] = package
    sys.modules["einconv.utils"] = package.utils


class TokenMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(FEATURES, 6)
        self.second = nn.Linear(6, CLASSES, bias=False)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


class Sequences(Dataset):
    """Inputs [n, t, features], labels and sampled labels [n, t], mask [n, t]."""

    def __init__(self, count):
        self.inputs = torch.randn(count, TOKENS, FEATURES)
        self.labels = torch.randint(CLASSES, (count, TOKENS))
        self.sampled = torch.randint(CLASSES, (count, TOKENS))
        lengths = 1 + torch.arange(count) % TOKENS
        self.mask = (torch.arange(TOKENS)[None] < lengths[:, None]).to(torch.float64)

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, k):
        return self.inputs[k], self.labels[k], self.sampled[k], self.mask[k]


def summed_loss(model, inputs, labels, mask):
    losses = nn.functional.cross_entropy(model(inputs).flatten(0, 1), labels.flatten(), reduction="none")
    return (losses * mask.flatten()).sum()


def model_and_data():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(20230803)
    return TokenMlp(), Sequences(TRAIN), Sequences(QUERIES)


def analyzer(tree, model, out):
    sys.path.insert(0, tree)
    stand_in_for_einconv()
    from kronfluence.analyzer import Analyzer, prepare_model
    from kronfluence.task import Task

    class Loss(Task):
        def compute_train_loss(self, batch, model, sample=False):
            return summed_loss(model, batch[0], batch[2] if sample else batch[1], batch[3])

        def compute_measurement(self, batch, model):
            return self.compute_train_loss(batch, model)

        def get_attention_mask(self, batch):
            return batch[3].to(torch.int64)

    task = Loss()
    return Analyzer("exchange", prepare_model(model, task), task, cpu=True, output_dir=str(out), disable_tqdm=True)


def score(runner, strategy, queries, train):
    from kronfluence.utils.common.score_arguments import pytest_score_arguments

    arguments = pytest_score_arguments(damping_factor=None)
    arguments.compute_per_module_scores = True
    common = {"factors_name": strategy, "score_args": arguments, "overwrite_output_dir": True}
    runner.compute_pairwise_scores(
        scores_name=strategy, query_dataset=queries, train_dataset=train, per_device_query_batch_size=QUERIES,
        per_device_train_batch_size=8, **common)
    runner.compute_self_scores(scores_name=strategy, train_dataset=train, per_device_train_batch_size=8, **common)


def golden(tree, exporter, out):
    from torch.utils.data import DataLoader

    spec = importlib.util.spec_from_file_location("captures_export", exporter)
    captures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(captures)
    model, train, queries = model_and_data()
    for name, data, labels in [
        ("sampled", train, train.sampled), ("training", train, train.labels), ("measurement", queries, queries.labels)]:
        captures.export(
            str(out / f"{name}.safetensors"), model, ["first", "second"],
            lambda m, data=data, labels=labels: summed_loss(m, data.inputs, labels, data.mask), name, mask=data.mask.to(torch.uint8))
    with tempfile.TemporaryDirectory() as work:
        runner = analyzer(tree, model, work)
        from kronfluence.utils.common.factor_arguments import pytest_factor_arguments

        for strategy in STRATEGIES:
            arguments = pytest_factor_arguments(strategy=strategy)
            arguments.use_empirical_fisher = False
            runner.fit_all_factors(
                factors_name=strategy, dataset=train, per_device_batch_size=8, factor_args=arguments)
            score(runner, strategy, queries, train)
            for kind in ["factors", "scores"]:
                target = out / f"{kind}_{strategy}"
                target.mkdir()
                for file in sorted((pathlib.Path(work) / "exchange" / f"{kind}_{strategy}").iterdir()):
                    if file.suffix == ".safetensors" or file.name == "factor_arguments.json":
                        shutil.copy(file, target / file.name)


def kinds(tree, out):
    """Lambda of a divided run is left in its partitions, as it lies where runs on several machines were not added up."""
    model, train, queries = model_and_data()
    with tempfile.TemporaryDirectory() as work:
        runner = analyzer(tree, model, work)
        from kronfluence.utils.common.factor_arguments import pytest_factor_arguments

        for name, dtype, data, modules in KINDS:
            arguments = pytest_factor_arguments(strategy="ekfac")
            arguments.use_empirical_fisher = False
            for field in ["activation_covariance_dtype", "gradient_covariance_dtype", "lambda_dtype"]:
                setattr(arguments, field, dtype)
            for what in ["covariance", "lambda"]:
                setattr(arguments, f"{what}_data_partitions", data)
                setattr(arguments, f"{what}_module_partitions", modules)
            runner.fit_all_factors(factors_name=name, dataset=train, per_device_batch_size=8, factor_args=arguments)
            score(runner, name, queries, train)
            target = out / name
            target.mkdir()
            divided = data * modules > 1
            for file in sorted((pathlib.Path(work) / "exchange" / f"factors_{name}").iterdir()):
                whole = file.stem in NEEDED and not (divided and file.stem in ["lambda_matrix", "num_lambda_processed"])
                part = divided and "partition" in file.stem and file.stem.startswith(("lambda", "num_lambda"))
                if whole or part or file.name == "factor_arguments.json":
                    shutil.copy(file, target / file.name)
            scores = pathlib.Path(work) / "exchange" / f"scores_{name}" / "pairwise_scores.safetensors"
            shutil.copy(scores, target / "scores.safetensors")


def score_with(tree, strategy, factors, out):
    model, train, queries = model_and_data()
    with tempfile.TemporaryDirectory() as work:
        runner = analyzer(tree, model, work)
        target = pathlib.Path(work) / "exchange" / f"factors_{strategy}"
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(factors, target)
        score(runner, strategy, queries, train)
        for file in (pathlib.Path(work) / "exchange" / f"scores_{strategy}").glob("*_scores.safetensors"):
            shutil.copy(file, pathlib.Path(out) / file.name)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "golden":
        golden(arguments[0], arguments[1], pathlib.Path(arguments[2]))
    elif command == "kinds":
        kinds(arguments[0], pathlib.Path(arguments[1]))
    else:
        score_with(*arguments)
