"""Scores questions with bergson's index: bergson_index.py FOLDER THREADS DIMENSION

Reads the study that FOLDER lies in: checkpoint/ (a Llama as transformers reads it) and sequences.json (rows of tokens, and labels of the
questions). Collects the gradients of all linear maps of the blocks with bergson's two-sided random projections, p by p numbers a
matrix, and asks them in the ways that bergson has for projected gradients: as they are; with the inverse of their second moments
(its "autocorrelation" Hessian) at the question, where those are not too large, p^2 by p^2 numbers a matrix; and with the inverse of
K-FAC at the question's whole gradient, which is projected afterwards. It refuses EK-FAC with projections. Damping is a tenth of the mean
eigenvalue. Writes scores as raw little-endian float32, a row for each question, and prints sizes and seconds as JSON.
"""

import json
import pathlib
import shutil
import sys
import tempfile
import time

import bergson
import numpy as np
import torch
from bergson import CollectorComputer, GradientProcessor, IndexConfig, InMemoryCollector
from bergson.build import build_query
from bergson.config.config import (
    DataConfig,
    DistributedConfig,
    HessianConfig,
    InversionConfig,
    PreprocessConfig,
    QuerySetConfig,
)
from bergson.data import column_offsets, load_gradients
from bergson.hessians.apply_hessian import EkfacConfig, apply_worker
from bergson.hessians.hessian_approximations import approximate_hessians
from bergson.hessians.preconditioner import DensePreconditioner
from bergson.utils.step_state import partial_path, promote_step
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

BATCH = 32
LARGEST = 32  # with p = 64, second moments of 28 matrices, their eigenvectors and inverses would take 5.6 GB and many minutes

folder, threads, p = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
study = folder.parent
sequences = json.loads((study / "sequences.json").read_text())
model = LlamaForCausalLM.from_pretrained(study / "checkpoint", dtype=torch.float32).eval()
model.requires_grad_(False)
model.get_input_embeddings().weight.requires_grad_(True)  # so that there is something to go back to
work = pathlib.Path(tempfile.mkdtemp(prefix="bergson", dir=folder))
data = {
    "train": Dataset.from_dict({"input_ids": sequences["train"], "labels": sequences["train"]}),
    "questions": Dataset.from_dict({"input_ids": sequences["questions"], "labels": sequences["labels"]}),
}


def tokenizer():
    """bergson loads a tokenizer for data that has none to be cut."""
    words = Tokenizer(WordLevel({"a": 0, "b": 1}, unk_token="a"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="a", pad_token="a").save_pretrained(work / "tokenizer")


def roomy_checkpoint():
    """bergson refuses batches of more tokens, all sequences together, than the model's longest sequence: rotary positions do not mind."""
    shutil.copytree(study / "checkpoint", work / "checkpoint")
    file = work / "checkpoint" / "config.json"
    settings = json.loads(file.read_text())
    settings["max_position_embeddings"] = BATCH * len(sequences["train"][0])
    file.write_text(json.dumps(settings))


def config(name, dimension, dataset="train"):
    run = work / name
    pathlib.Path(str(run) + ".part").mkdir(parents=True, exist_ok=True)
    return IndexConfig(
        run_path=str(run),
        model=str(work / "checkpoint"),
        precision="fp32",
        distributed=DistributedConfig(nproc_per_node=1),
        data=DataConfig(dataset=str(work / dataset)),
        tokenizer=str(work / "tokenizer"),
        token_batch_size=BATCH * len(sequences["train"][0]),
        max_batch_size=BATCH,
        projection_dim=dimension,
        loss_reduction="sum",
    )


def gradients(rows, processor, moments):
    batches = [list(range(at, min(at + BATCH, len(rows)))) for at in range(0, len(rows), BATCH)]
    own = config("collected", p)
    collector = InMemoryCollector(
        model=model.base_model, data=rows, cfg=own, processor=processor, skip_hessians=not moments
    )
    CollectorComputer(model=model, data=rows, collector=collector, batches=batches, cfg=own).run_with_collector_hooks()
    return collector.gradients


def kfac():
    """K-FAC's inverse times the questions' whole gradients, projected: bergson's own steps, through files."""
    for name, rows in data.items():
        rows.save_to_disk(work / name)
    tokenizer()
    roomy_checkpoint()
    build_query(config("query", 0), QuerySetConfig(dataset=str(work / "questions")), PreprocessConfig())
    approximate_hessians(config("hessian", 0), HessianConfig(method="kfac"))
    inversion = InversionConfig()
    solved = EkfacConfig(
        hessian_method_path=str(work / "hessian"),
        gradient_path=str(work / "query"),
        run_path=str(partial_path(str(work / "solved"))),
        ev_correction=False,
        projection_dim=p,
    )
    apply_worker(0, 0, 1, solved, inversion)
    promote_step(str(work / "solved"))
    rows = load_gradients(work / "solved")
    sizes = json.loads((work / "solved" / "info.json").read_text())["grad_sizes"]
    return {
        name: torch.from_numpy(np.asarray(rows[:, low:high], dtype=np.float32))
        for name, (low, high) in column_offsets(sizes).items()
    }


def sums(left, right):
    assert left.keys() == right.keys(), (list(left)[:2], list(right)[:2])
    return sum(left[name].float() @ right[name].float().T for name in left)


indexes = []


def report(curvature, scores, seconds, numbers):
    name = f"scores-{p}-{curvature}.f32"
    scores.contiguous().numpy().astype("<f4").tofile(folder / name)
    indexes.append({"curvature": curvature, "scores": name, "seconds": seconds, "bytes": 4 * numbers})


try:
    start = time.perf_counter()
    processor = GradientProcessor(projection_dim=p)
    train = gradients(data["train"], processor, moments=p <= LARGEST)
    built = time.perf_counter() - start
    asked = gradients(data["questions"], GradientProcessor(projection_dim=p), moments=False)
    numbers = sum(rows.shape[1] for rows in train.values())
    assert all(rows.dtype == torch.float32 for rows in train.values())
    report("none", sums(asked, train), built, numbers)
    if p <= LARGEST:
        start = time.perf_counter()
        inverse = DensePreconditioner.from_processor(processor)
        report("autocorrelation", sums(inverse.apply(asked), train), built + time.perf_counter() - start, numbers)
    start = time.perf_counter()
    report("K-FAC", sums(kfac(), train), built + time.perf_counter() - start, numbers)
finally:
    shutil.rmtree(work)
print(json.dumps({"bergson": bergson.__version__, "matrices": len(train), "indexes": indexes}))
