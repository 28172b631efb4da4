"""Scores questions with bergson's index: bergson_index.py FOLDER THREADS DIMENSION

Reads the study that FOLDER lies in: checkpoint/ (a Llama as transformers reads it) and sequences.json (rows of tokens, and labels of the
questions). Collects the gradients of all linear maps of the blocks with bergson's two-sided random projections, p by p numbers a
matrix, and asks them in the ways that bergson has for projected gradients: as they are, and with the inverse of their second moments
(its "autocorrelation" Hessian, damped by a tenth of the mean eigenvalue) at the question, where those are not too large: p² by p² numbers
a matrix. Writes scores as raw little-endian
float32, a row for each question, and prints sizes and seconds as JSON.
"""

import json
import pathlib
import sys
import time

import bergson
import torch
from bergson import CollectorComputer, GradientProcessor, IndexConfig, InMemoryCollector
from bergson.hessians.preconditioner import DensePreconditioner
from datasets import Dataset
from transformers import LlamaForCausalLM

folder, threads, p = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
study = folder.parent
model = LlamaForCausalLM.from_pretrained(study / "checkpoint", dtype=torch.float32).eval()
model.requires_grad_(False)
model.get_input_embeddings().weight.requires_grad_(True)  # so that there is something to go back to
sequences = json.loads((study / "sequences.json").read_text())
run = folder / f"run-{p}"
pathlib.Path(str(run) + ".part").mkdir(parents=True, exist_ok=True)
config = IndexConfig(run_path=str(run), projection_dim=p, loss_reduction="sum")
BATCH = 32
LARGEST = 32  # with p = 64, second moments of 28 matrices, their eigenvectors and inverses would take 5.6 GB and as many minutes


def gradients(tokens, labels, processor, moments):
    data = Dataset.from_dict({"input_ids": tokens, "labels": labels})
    batches = [list(range(at, min(at + BATCH, len(tokens)))) for at in range(0, len(tokens), BATCH)]
    collector = InMemoryCollector(
        model=model.base_model, data=data, cfg=config, processor=processor, skip_hessians=not moments
    )
    CollectorComputer(model=model, data=data, collector=collector, batches=batches, cfg=config).run_with_collector_hooks()
    return collector.gradients


def sums(left, right):
    return sum(left[name].float() @ right[name].float().T for name in left)


indexes = []


def report(curvature, scores, seconds, numbers):
    name = f"scores-{p}-{len(indexes)}.f32"
    scores.contiguous().numpy().astype("<f4").tofile(folder / name)
    indexes.append({"curvature": curvature, "scores": name, "seconds": seconds, "bytes": 4 * numbers})


start = time.perf_counter()
processor = GradientProcessor(projection_dim=p)
train = gradients(sequences["train"], sequences["train"], processor, moments=p <= LARGEST)
built = time.perf_counter() - start
asked = gradients(sequences["questions"], sequences["labels"], GradientProcessor(projection_dim=p), moments=False)
numbers = sum(rows.shape[1] for rows in train.values())
assert all(str(rows.dtype) == "torch.float32" for rows in train.values())
report("none", sums(asked, train), built, numbers)
if p <= LARGEST:
    start = time.perf_counter()
    inverse = DensePreconditioner.from_processor(processor)
    report("autocorrelation", sums(inverse.apply(asked), train), built + time.perf_counter() - start, numbers)
print(json.dumps({"bergson": bergson.__version__, "matrices": len(train), "indexes": indexes}))
