"""Captures of a causal language model and its lines of text: huggingface_export.py MODEL TRAIN QUESTIONS OUT"""

import json
import pathlib
import sys
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from captures_export import export, token_losses

MODEL, TRAIN, QUESTIONS, OUT = sys.argv[1:]
model, tokenizer = AutoModelForCausalLM.from_pretrained(MODEL), AutoTokenizer.from_pretrained(MODEL)
names = [n for n, _ in model.named_modules() if n.endswith(("gate_proj", "up_proj", "down_proj", "mlp.c_fc", "mlp.c_proj"))]
torch.manual_seed(5)
for objective, file in [("sampled", TRAIN), ("training", TRAIN), ("measurement", QUESTIONS)]:
    folder = pathlib.Path(OUT, objective)
    folder.mkdir(parents=True)
    lines = [json.loads(line) for line in open(file, encoding="utf-8")]
    for first in range(0, len(lines), 8):
        batch = [[tokenizer(line["prompt"])["input_ids"], tokenizer(line["completion"], add_special_tokens=False)["input_ids"]]
                 for line in lines[first:first + 8]]
        t = max(len(prompt) + len(completion) for prompt, completion in batch)
        ids, labels, mask = torch.zeros(len(batch), t).long(), torch.full((len(batch), t), -100), torch.zeros(len(batch), t).long()
        for row, (prompt, completion) in enumerate(batch):  # a prompt is real, but has no loss of its own; padding is neither
            end = len(prompt) + len(completion)
            ids[row, :end], mask[row, :end] = torch.tensor(prompt + completion), 1
            labels[row, len(prompt):end] = torch.tensor(completion)
        loss = lambda m: token_losses(m(input_ids=ids, attention_mask=mask).logits, labels, draw=objective == "sampled")
        export(folder / f"{first:06d}.safetensors", model, names, loss, objective, mask, range(first, first + len(batch)),
               labels="torch, seed 5" if objective == "sampled" else None)
