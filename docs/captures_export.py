"""Writes captures of a PyTorch model for influence4j, one shard a call. Needs torch and safetensors."""

import json
import torch
from safetensors.torch import save_file

def export(path, model, names, loss, objective, mask=None, ids=None, fingerprint=None, labels=None):
    """loss(model) runs the batch and gives the objective, summed over examples and positions; names are of modules."""
    inputs, gradients, handles = {n: [] for n in names}, {n: [] for n in names}, []

    def rows(x):  # [n, d] or [n, ..., d] to [n, t, d]
        return x.detach().reshape(x.shape[0], -1, x.shape[-1])

    def forward(name, module, x):
        if isinstance(module, torch.nn.Conv2d):  # a patch is a position; groups=1, padding with zeros
            x = torch.nn.functional.unfold(x, module.kernel_size, module.dilation, module.padding, module.stride)
            x = x.transpose(1, 2)
        inputs[name].append(rows(x))

    def backward(name, module, g):
        g = g.flatten(2).transpose(1, 2) if isinstance(module, torch.nn.Conv2d) else g
        gradients[name].insert(0, rows(g))  # the uses of a shared layer come back last first

    for n in names:
        module = model.get_submodule(n)
        handles.append(module.register_forward_hook(lambda m, x, y, n=n: forward(n, m, x[0])))
        handles.append(module.register_full_backward_hook(lambda m, gx, gy, n=n: backward(n, m, gy[0])))
    loss(model.eval()).backward()
    model.zero_grad()
    [handle.remove() for handle in handles]
    layers, tensors = {}, {k: torch.as_tensor(v) for k, v in [("mask", mask), ("ids", ids)] if v is not None}
    for n in names:
        a, g, module = torch.cat(inputs[n], 1), torch.cat(gradients[n], 1), model.get_submodule(n)
        tensors[n + "/activations"], tensors[n + "/output_gradients"] = a.cpu().contiguous(), g.cpu().contiguous()
        layers[n] = {"in": a.shape[2], "out": g.shape[2], "bias": module.bias is not None, "uses": len(inputs[n])}
        if isinstance(module, torch.nn.Conv2d):
            layers[n]["positions"] = "patches"
    metadata = {"format": "influence-captures", "version": "1", "objective": objective, "layers": json.dumps(layers)}
    said = {key: text for key, text in [("model", fingerprint), ("labels", labels)] if text}
    save_file(tensors, path, metadata | said)
