"""Fits EK-FAC and scores questions with kronfluence on a language model: decoder_peer.py FOLDER THREADS BATCH

Reads the model in FOLDER, FOLDER/train.json and FOLDER/questions.json (rows of tokens). The factors are those of the true
labels, on both sides the same; tracked are the linear maps of the MLPs. Writes FOLDER/scores.f32 (raw little-endian float32, a
row for each question) and prints the seconds of the stages and the largest resident size as JSON.
"""

import json
import pathlib
import resource
import shutil
import sys
import tempfile
import time
import types

import torch
from transformers import LlamaForCausalLM

folder, threads, batch_size = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)


def stand_in_for_einconv():
    """kronfluence imports one function of einconv, for paddings given as strings; nothing here has any."""
    package = types.ModuleType("einconv")
    package.utils = types.ModuleType("einconv.utils")
    package.utils.get_conv_paddings = None
    sys.modules["einconv"] = package
    sys.modules["einconv.utils"] = package.utils


stand_in_for_einconv()
from kronfluence.analyzer import Analyzer, prepare_model  # noqa: E402
from kronfluence.arguments import FactorArguments, ScoreArguments  # noqa: E402
from kronfluence.task import Task  # noqa: E402

model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tracked = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and ".mlp." in name]


class SummedLoss(Task):
    def compute_train_loss(self, batch, model, sample=False):
        tokens = batch["input_ids"]
        logits = model(input_ids=tokens, use_cache=False).logits
        return torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum"
        )

    def compute_measurement(self, batch, model):
        return self.compute_train_loss(batch, model)

    def get_influence_tracked_modules(self):
        return tracked


def rows(name):
    return [{"input_ids": torch.tensor(row)} for row in json.loads((folder / name).read_text())]


train, questions = rows("train.json"), rows("questions.json")
task = SummedLoss()
output = tempfile.mkdtemp(prefix="kronfluence", dir=folder)
seconds = {}


def timed(stage, call, **arguments):
    start = time.perf_counter()
    call(**arguments, overwrite_output_dir=True)
    seconds[stage] = time.perf_counter() - start
    print(json.dumps({"seconds": seconds}), flush=True)


try:
    analyzer = Analyzer("peer", prepare_model(model, task), task, cpu=True, disable_tqdm=True, output_dir=output)
    factors = {
        "factors_name": "ekfac",
        "factor_args": FactorArguments(strategy="ekfac", use_empirical_fisher=True),
    }
    data = {"dataset": train, "per_device_batch_size": batch_size}
    timed("covariance", analyzer.fit_covariance_matrices, **factors, **data)
    timed("eigen", analyzer.perform_eigendecomposition, **factors)
    timed("lambda", analyzer.fit_lambda_matrices, **factors, **data)
    timed(
        "pairwise",
        analyzer.compute_pairwise_scores,
        scores_name="scores",
        factors_name="ekfac",
        query_dataset=questions,
        train_dataset=train,
        per_device_query_batch_size=len(questions),
        per_device_train_batch_size=batch_size,
        score_args=ScoreArguments(damping_factor=None),
    )
    scores = analyzer.load_pairwise_scores("scores")["all_modules"]
    scores.float().contiguous().numpy().astype("<f4").tofile(folder / "scores.f32")
finally:
    shutil.rmtree(output)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "mebibytes": peak}))
