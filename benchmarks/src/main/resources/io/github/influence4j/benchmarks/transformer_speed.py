"""Trains a checkpoint of influence4j's transformer in PyTorch, step by step, and reports times and losses.

python transformer_speed.py FOLDER THREADS DTYPE: reads model.safetensors, tokens.json and options.json, writes torch.json.
"""

import json
import math
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open


class Block(torch.nn.Module):
    def __init__(self, tensors, prefix, heads):
        super().__init__()
        take = lambda name: torch.nn.Parameter(tensors[prefix + name].clone())
        self.heads = heads
        self.norm1 = torch.nn.Parameter(tensors[prefix + "norm1"][0].clone())
        self.norm2 = torch.nn.Parameter(tensors[prefix + "norm2"][0].clone())
        self.qkv = torch.nn.Parameter(
            torch.cat([tensors[prefix + "attention." + name] for name in ("query", "key", "value")])
        )
        self.output = take("attention.output")
        fc, proj = tensors[prefix + "mlp.fc"], tensors[prefix + "mlp.proj"]
        self.fc, self.fc_bias = (torch.nn.Parameter(x.contiguous()) for x in (fc[:, :-1], fc[:, -1]))
        self.proj, self.proj_bias = (torch.nn.Parameter(x.contiguous()) for x in (proj[:, :-1], proj[:, -1]))

    def forward(self, x):
        n, t, d = x.shape
        y = F.rms_norm(x, (d,), self.norm1, 1e-5)
        q, k, v = F.linear(y, self.qkv).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + F.linear(y.transpose(1, 2).reshape(n, t, d), self.output)
        y = F.rms_norm(x, (d,), self.norm2, 1e-5)
        return x + F.linear(F.relu(F.linear(y, self.fc, self.fc_bias)), self.proj, self.proj_bias)


class Transformer(torch.nn.Module):
    def __init__(self, tensors, blocks, heads):
        super().__init__()
        self.embedding = torch.nn.Parameter(tensors["embedding"].clone())
        self.positions = torch.nn.Parameter(tensors["positions"].clone())
        self.blocks = torch.nn.ModuleList(Block(tensors, f"blocks.{l}.", heads) for l in range(blocks))
        self.norm = torch.nn.Parameter(tensors["norm"][0].clone())
        self.head = torch.nn.Parameter(tensors["head"].clone())

    def forward(self, tokens):
        x = F.embedding(tokens, self.embedding) + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.linear(F.rms_norm(x, (x.shape[-1],), self.norm, 1e-5), self.head)


def main():
    folder, threads, dtype = Path(sys.argv[1]), int(sys.argv[2]), getattr(torch, sys.argv[3])
    torch.set_num_threads(threads)
    options = json.loads((folder / "options.json").read_text())
    tokens = torch.tensor(json.loads((folder / "tokens.json").read_text()))
    with safe_open(folder / "model.safetensors", "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name).to(dtype) for name in file.keys()}
    model = Transformer(tensors, int(metadata["blocks"]), int(metadata["heads"]))
    gains = [p for p in model.parameters() if p.dim() == 1 and p.shape[0] == int(metadata["width"])]
    biases = [b for block in model.blocks for b in (block.fc_bias, block.proj_bias)]
    plain = [g for g in gains if all(g is not b for b in biases)]
    decayed = [p for p in model.parameters() if all(p is not g for g in plain)]
    rate, steps, warmup = options["rate"], options["steps"], options["warmup"]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": options["decay"]}, {"params": plain, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.98),
        eps=1e-8,
        fused=True,
    )
    seconds, losses = [], []
    for step in range(steps):
        start = time.perf_counter()
        if step < warmup:
            now = rate * (step + 1) / warmup
        else:
            now = rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
        for group in optimizer.param_groups:
            group["lr"] = now
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), tokens[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    (folder / "torch.json").write_text(
        json.dumps({"torch": torch.__version__, "seconds": seconds, "losses": losses})
    )


main()
