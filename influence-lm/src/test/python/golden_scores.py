"""Writes kronfluence's EK-FAC scores of tiny checkpoints: golden_scores.py FOLDER... (folders of ../resources/parity-lm)

Labels are the data's own (the empirical Fisher matrix), so that both sides fit the same factors. The training set is
batch.safetensors, five padded sequences with masked prompts; the three queries are made of its tokens. Damping is 0.1 times the
mean eigenvalue of each layer. Beside each checkpoint, scores.json: the queries' tokens, and scores by layer [queries, 5] of all
linear maps of the blocks. All in float64, with transformers 5.18, torch 2.15 and kronfluence 1.0.1.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
from make_references import in_float64

in_float64()

from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.task import Task
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import Dataset
from transformers import AutoModelForCausalLM


class Examples(Dataset):
    def __init__(self, tokens, mask, labels):
        self.rows = list(zip(tokens, mask, labels))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, k):
        tokens, mask, labels = self.rows[k]
        return {"input_ids": tokens, "attention_mask": mask, "labels": labels}


def loss(batch, model):
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=-100, reduction="sum"
    )


def golden(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and n not in ("lm_head", "embed_out")]

    class Language(Task):
        def compute_train_loss(self, batch, model, sample=False):
            return loss(batch, model)

        def compute_measurement(self, batch, model):
            return loss(batch, model)

        def get_influence_tracked_modules(self):
            return names

        def get_attention_mask(self, batch):
            return batch["attention_mask"]

    data = load_file(folder / "batch.safetensors")
    train = Examples(data["input_ids"], data["attention_mask"], data["labels"])
    tokens = (data["input_ids"][:3, :7] * 7 + 3) % 160
    labels = tokens.clone()
    labels[:, :3] = -100
    queries = Examples(tokens, torch.ones_like(tokens), labels)
    task = Language()
    kinds = "activation_covariance gradient_covariance per_sample_gradient lambda eigendecomposition".split()
    with tempfile.TemporaryDirectory() as out:
        analyzer = Analyzer("golden", prepare_model(model, task), task, cpu=True, output_dir=out, disable_tqdm=True)
        factors = FactorArguments(
            strategy="ekfac", use_empirical_fisher=True, **{kind + "_dtype": torch.float64 for kind in kinds}
        )
        analyzer.fit_all_factors("f", train, factor_args=factors, per_device_batch_size=2)
        arguments = ScoreArguments(
            damping_factor=None,
            compute_per_module_scores=True,
            score_dtype=torch.float64,
            per_sample_gradient_dtype=torch.float64,
            precondition_dtype=torch.float64,
        )
        analyzer.compute_pairwise_scores(
            "s", "f", queries, train, 3, per_device_train_batch_size=2, score_args=arguments
        )
        scores = analyzer.load_pairwise_scores("s")
    record = {
        "queries": tokens.tolist(),
        "prompt": 3,
        "scores": {name: values.tolist() for name, values in scores.items()},
    }
    (folder / "scores.json").write_text(json.dumps(record))
    print(folder.name, len(scores))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        golden(Path(argument))
