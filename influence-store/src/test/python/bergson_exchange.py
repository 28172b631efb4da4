"""Has bergson fit factors of a tiny model on the processor: the golden set of the tests. Needs bergson 2.5 with torch and transformers.

    bergson_exchange.py OUT

Writes EK-FAC's and K-FAC's factors as bergson lays them out, the first also cut into three shards by bergson's own bounds; captures of
random numbers; and scores of them with bergson's solution of the factors, damped by a tenth of the mean eigenvalue.
"""

import pathlib
import shutil
import sys
import tempfile

import torch
from bergson.config import HessianConfig, IndexConfig, InversionConfig
from bergson.hessians.hessian_approximations import hessian_worker
from bergson.hessians.preconditioner import FactoredPreconditioner
from bergson.hessians.sharded_computation import shard_bounds
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

DOCUMENTS, LENGTH, VOCABULARY, SHARDS = 20, 9, 11, 3
LAYERS = {"model.layers.0.mlp.gate_proj": (4, 6), "model.layers.0.mlp.down_proj": (6, 4)}
FOLDERS = ["eigen_activation_sharded", "eigen_gradient_sharded", "factor_eig_a", "factor_eig_g"]
LAMBDA = {"ekfac": "eigenvalue_correction_sharded", "kfac": "eigenvalue_sharded"}


def fit(work, method):
    torch.manual_seed(7)
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=4, intermediate_size=6, num_hidden_layers=1, num_attention_heads=2,
                         num_key_value_heads=2, max_position_embeddings=32)
    LlamaForCausalLM(config).save_pretrained(work / "model")
    tokens = torch.randint(VOCABULARY, (DOCUMENTS, LENGTH)).tolist()
    data = Dataset.from_dict({"input_ids": tokens, "length": [LENGTH] * DOCUMENTS})
    index = IndexConfig(run_path=str(work / method), model=str(work / "model"), precision="fp32", loss_reduction="sum",
                        token_batch_size=4 * LENGTH, filter_modules="*attn*,*up_proj*,lm_head", overwrite=True)
    index.partial_run_path.mkdir(parents=True, exist_ok=True)
    hessian_worker(0, 0, 1, index, HessianConfig(method="kfac", ev_correction=method == "ekfac"), data)
    return pathlib.Path(index.partial_run_path)


def main(out):
    generator = torch.Generator().manual_seed(11)
    gradients = {}
    for name, objective, count in [("training", "training", 5), ("queries", "measurement", 2)]:
        tensors, grads = {}, {}
        for layer, (inputs, outputs) in LAYERS.items():
            a = torch.randn(count, 1, inputs, generator=generator)
            g = torch.randn(count, 1, outputs, generator=generator)
            tensors[f"{layer}/activations"], tensors[f"{layer}/output_gradients"] = a, g
            grads[layer.removeprefix("model.")] = (g.mT @ a).flatten(1)
        gradients[name] = grads
        declared = ",".join(f'"{layer}":{{"in":{i},"out":{o},"bias":false}}' for layer, (i, o) in LAYERS.items())
        save_file(tensors, out / f"{name}.safetensors", {
            "format": "influence-captures", "version": "1", "objective": objective, "layers": "{" + declared + "}"})
    with tempfile.TemporaryDirectory() as work:
        for method in ["ekfac", "kfac"]:
            run = fit(pathlib.Path(work), method)
            for folder in [*FOLDERS, LAMBDA[method]]:
                (out / method / folder).mkdir(parents=True)
                shutil.copy(run / folder / "shard_0.safetensors", out / method / folder)
            if method == "ekfac":
                shutil.copy(run / "total_processed.pt", out / method)
            solved = FactoredPreconditioner.from_path(
                run, inversion_cfg=InversionConfig(damping_factor=0.1), ev_correction=method == "ekfac").apply(gradients["queries"])
            save_file({f"model.{layer}": (solved[layer] @ gradients["training"][layer].T).contiguous() for layer in solved},
                      out / f"scores_{method}.safetensors")
    for folder in [*FOLDERS, LAMBDA["ekfac"]]:
        (out / "shards" / folder).mkdir(parents=True)
        tensors = load_file(out / "ekfac" / folder / "shard_0.safetensors")
        for rank in range(SHARDS):
            cut = {name: t if folder == "factor_eig_a" else t[slice(*shard_bounds(len(t), rank, SHARDS))].contiguous()
                   for name, t in tensors.items()}
            save_file(cut, out / "shards" / folder / f"shard_{rank}.safetensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
