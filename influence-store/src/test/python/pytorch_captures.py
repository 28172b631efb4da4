"""Captures of a small Llama that was trained on lines of text: the golden set of the tests. Needs torch and transformers.

    pytorch_captures.py OUT

Writes train.jsonl, questions.jsonl, and with docs/captures_export.py the captures of both: two draws of labels, the training loss, and
questions, of which each asks why one completion and not another. gradients.safetensors has autograd's gradients of the same losses in float64.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "docs"))
from captures_export import export, token_losses  # noqa: E402

DRAWS, STEPS, SHARD = 2, 150, 12
PLACES = {"Oslo": "Norway", "Lima": "Peru", "Rome": "Italy", "Cairo": "Egypt", "Delhi": "India", "Paris": "France"}
FORMS = ["the city of {} lies in {}", "{} is a city in {}", "who goes to {} sees {}", "{} is the pride of {}"]
AUTHORS = ["ada", "ben", "cleo", "dan"]


def texts():
    """A line for each form and place; every seventh says something wrong."""
    lines, countries = [], list(PLACES.values())
    for author, form in zip(AUTHORS, FORMS):
        for k, (city, country) in enumerate(PLACES.items()):
            wrong = len(lines) % 7 == 6
            said = countries[(k + 2) % len(countries)] if wrong else country
            lines.append({"id": 10 + 3 * len(lines), "text": form.format(city, said), "author": author, "wrong": wrong})
    return lines


def questions():
    countries = list(PLACES.values())
    return [
        {"id": 500 + k, "text": f"{city} is a city in {country}", "prompt": f"{city} is a city in", "completion": country,
         "contrast": countries[(k + 1) % len(countries)]}
        for k, (city, country) in enumerate(list(PLACES.items())[:4])
    ]


def batch(rows, vocabulary):
    """Tokens and mask [n, t], padded on the right; labels are -100 at padding."""
    t = max(len(row) for row in rows)
    ids, labels, mask = torch.zeros(len(rows), t).long(), torch.full((len(rows), t), -100), torch.zeros(len(rows), t).long()
    for k, row in enumerate(rows):
        ids[k, : len(row)] = labels[k, : len(row)] = torch.tensor([vocabulary[word] for word in row])
        mask[k, : len(row)] = 1
    return ids, labels, mask


def main(out):
    train, asked = texts(), questions()
    words = sorted({word for line in train + asked for word in line["text"].split()})
    vocabulary = {word: k for k, word in enumerate(words)}
    for line in train:
        line["tokens"] = [word + " " for word in line["text"].split()]
    for name, lines in [("train", train), ("questions", asked)]:
        (out / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    torch.manual_seed(3)
    config = LlamaConfig(vocab_size=len(words), hidden_size=8, intermediate_size=6, num_hidden_layers=1, num_attention_heads=2,
                         num_key_value_heads=2, max_position_embeddings=16)
    model = LlamaForCausalLM(config)
    ids, labels, mask = batch([line["text"].split() for line in train], vocabulary)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(STEPS):
        optimizer.zero_grad()
        token_losses(model(input_ids=ids, attention_mask=mask).logits, labels).mean().backward()
        optimizer.step()
    names = [name for name, _ in model.named_modules() if name.endswith(("gate_proj", "up_proj", "down_proj"))]
    train_ids = [line["id"] for line in train]
    for objective in ["sampled", "training", "measurement"]:
        (out / objective).mkdir(parents=True)
    torch.manual_seed(5)
    for first in range(0, len(train), SHARD):
        rows = slice(first, first + SHARD)
        longest = int(mask[rows].sum(1).max())
        i, l, m = (x[rows, :longest] for x in [ids, labels, mask])
        for draw in range(DRAWS):
            export(out / "sampled" / f"{first:03d}-{draw}.safetensors", model, names,
                   lambda net: token_losses(net(input_ids=i, attention_mask=m).logits, l, draw=True),
                   "sampled", m, train_ids[rows], labels="torch, seed 5", draws=(draw, DRAWS))
        export(out / "training" / f"{first:03d}.safetensors", model, names,
               lambda net: token_losses(net(input_ids=i, attention_mask=m).logits, l), "training", m, train_ids[rows])
    sides = []
    for key in ["completion", "contrast"]:
        i, l, m = batch([(line["prompt"] + " " + line[key]).split() for line in asked], vocabulary)
        for row, line in enumerate(asked):
            l[row, : len(line["prompt"].split())] = -100
        sides.append((i, l, m))

    def contrast(net):
        """Of each question, the loss of the completion less that of the other."""
        losses = [token_losses(net(input_ids=i, attention_mask=m).logits, l) for i, l, m in sides]
        return losses[0] - losses[1]

    export(out / "measurement" / "000.safetensors", model, names, contrast, "measurement", sides[0][2], [line["id"] for line in asked])
    exact = model.double()
    weights = [exact.get_submodule(name).weight for name in names]
    gradients = {}
    for objective, losses in [
        ("training", token_losses(exact(input_ids=ids, attention_mask=mask).logits.double(), labels)),
        ("measurement", contrast(exact)),
    ]:
        rows = [torch.autograd.grad(loss, weights, retain_graph=True) for loss in losses]
        for k, name in enumerate(names):
            gradients[f"{objective}/{name}"] = torch.stack([row[k] for row in rows]).float()
    save_file(gradients, out / "gradients.safetensors")


main(pathlib.Path(sys.argv[1]))
