"""Fits EK-FAC and scores questions with bergson on a language model: bergson_peer.py FOLDER THREADS BATCH

Reads the model in FOLDER, FOLDER/train.json and FOLDER/questions.json (rows of tokens of one length). The factors are those of
the true labels; tracked are the linear maps of the MLPs; damping is a tenth of the mean eigenvalue. Everything runs in one process
on the CPU, step by step as bergson's own EK-FAC pipeline does it, through files. Writes FOLDER/bergson.f32 (raw little-endian
float32, a row for each question) and prints the seconds of the steps and the largest resident size as JSON.
"""

import copy
import json
import pathlib
import resource
import shutil
import sys
import tempfile
import time

import numpy as np
import torch
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from bergson.build import build_query
from bergson.cli.commands import Score
from bergson.config.config import (
    DataConfig,
    DistributedConfig,
    HessianConfig,
    IndexConfig,
    InversionConfig,
    PreprocessConfig,
    QuerySetConfig,
    ScoreConfig,
)
from bergson.config.config_io import save_run_config
from bergson.data import load_scores
from bergson.hessians.apply_hessian import EkfacConfig, apply_worker
from bergson.hessians.hessian_approximations import approximate_hessians
from bergson.score.score import score_dataset
from bergson.utils.step_state import promote_step, partial_path

folder, threads, batch_size = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
work = pathlib.Path(tempfile.mkdtemp(prefix="bergson", dir=folder))
seconds = {}


def data(name):
    rows = json.loads((folder / name).read_text())
    path = work / pathlib.Path(name).stem
    Dataset.from_dict({"input_ids": rows, "labels": rows}).save_to_disk(path)
    return str(path), len(rows[0])


def tokenizer():
    """bergson loads a tokenizer for data that has none to be cut."""
    words = Tokenizer(WordLevel({"a": 0, "b": 1}, unk_token="a"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="a", pad_token="a").save_pretrained(work / "tokenizer")
    return str(work / "tokenizer")


def timed(stage, call, *arguments):
    start = time.perf_counter()
    call(*arguments)
    seconds[stage] = time.perf_counter() - start
    print(json.dumps({"seconds": seconds}), flush=True)


try:
    train, length = data("train.json")
    questions, _ = data("questions.json")
    index = IndexConfig(
        run_path=str(work / "run"),
        model=str(folder),
        precision="fp32",
        distributed=DistributedConfig(nproc_per_node=1),
        data=DataConfig(dataset=train),
        tokenizer=tokenizer(),
        token_batch_size=batch_size * length,
        max_batch_size=batch_size,
        filter_modules="*self_attn*",
    )
    hessian = HessianConfig(method="kfac", ev_correction=True, use_dataset_labels=True)

    def at(path):
        config = copy.deepcopy(index)
        config.run_path = str(work / path)
        return config

    timed("query gradients", build_query, at("query"), QuerySetConfig(dataset=questions), PreprocessConfig())
    timed("fit", approximate_hessians, at("hessian"), hessian)

    def apply():
        inversion = InversionConfig(damping_factor=0.1)
        solved = EkfacConfig(
            hessian_method_path=str(work / "hessian"),
            gradient_path=str(work / "query"),
            run_path=str(partial_path(str(work / "solved"))),
            ev_correction=True,
            apply_batch_size=inversion.apply_batch_size,
        )
        apply_worker(0, 0, 1, solved, inversion)
        promote_step(str(work / "solved"))

    timed("inverse", apply)

    def score():
        config, score_config = at("scores"), ScoreConfig(query_path=str(work / "solved"))
        save_run_config(Score(score_config, config, PreprocessConfig()), config.partial_run_path)
        score_dataset(config, score_config, PreprocessConfig())

    timed("scores", score)
    scores = np.asarray(load_scores(work / "scores")[:], dtype=np.float32)
    scores.T.astype("<f4").tofile(folder / "bergson.f32")
finally:
    shutil.rmtree(work)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "mebibytes": peak}))
