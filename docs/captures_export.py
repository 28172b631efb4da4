"""Writes captures of a PyTorch model for influence4j, one shard a call. Needs torch and safetensors.

What cannot be written right is refused with the name of the layer: on the first batch of each form, the captures of each
example are compared with autograd's gradients of the weights.
"""

import contextlib
import json
import math
import weakref

import torch
from safetensors.torch import save_file
from torch import nn

EXAMPLES_CHECKED = 8  # one by one; the others are checked together
_checked = weakref.WeakKeyDictionary()  # the forms of batches that were checked, by model


def export(path, model, names, loss, objective, mask=None, ids=None, fingerprint=None, labels=None, rank=None,
           draws=None):
    """Runs a batch and writes the captures of the modules that are named.

    loss(model) runs the model once and gives one number an example, [n], summed over the example's positions. mask is [n, t],
    0 for padding. rank cuts the gradients of training and measurement captures to so many singular pairs an example.
    draws=(k, D) says that sampled labels are the kth of D draws for the same examples; draw k of example e is written as e·D + k.
    """
    if rank is not None and (objective == "sampled" or rank < 1):
        raise ValueError(
            f"rank {rank}, {objective}: gradients are cut for training and measurement, to 1 pair or more; "
            "a fit needs the positions"
        )
    if draws is not None and (objective != "sampled" or ids is None or not 0 <= draws[0] < draws[1]):
        raise ValueError(f"draws {draws}, {objective}: (k, D) with 0 <= k < D, of sampled captures with ids")
    mask = None if mask is None else torch.as_tensor(mask).detach().cpu() != 0
    with _Recording(model, _layers(model, names)) as recording:
        losses = recording.run(loss)
        n, layers = len(losses), recording.layers
        if mask is not None and (mask.dim() != 2 or len(mask) != n):
            raise ValueError(f"mask must be [{n}, t] for {n} losses, found {list(mask.shape)}")
        form = (tuple(names), objective, n > 1, tuple(layer.form(n) for layer in layers))
        check = form not in _checked.setdefault(model, set())
        recording.backward(losses.sum(), keep=check)
        for layer in layers:
            layer.finish(n, mask)
        if check:
            _check(layers, losses)
            _checked[model].add(form)
    tensors, declared = {}, {}
    for layer in layers:
        layer.write(tensors, declared, rank)
    if mask is not None and rank is None:
        tensors["mask"] = mask.to(torch.uint8)
    if ids is not None:
        tensors["ids"] = torch.as_tensor(ids).detach().cpu()
        if tensors["ids"].shape != (n,):
            raise ValueError(f"ids must be [{n}] for {n} losses, found {list(tensors['ids'].shape)}")
        if draws is not None:
            tensors["ids"] = tensors["ids"].long() * draws[1] + draws[0]
    metadata = {"format": "influence-captures", "version": "1", "objective": objective, "layers": json.dumps(declared)}
    several = str(draws[1]) if draws is not None and draws[1] > 1 else None
    said = [("model", fingerprint), ("labels", labels), ("rank", rank and str(rank)), ("draws", several)]
    # clones, since tensors that share memory or are slices cannot be saved
    tensors = {name: t.clone(memory_format=torch.contiguous_format) for name, t in tensors.items()}
    save_file(tensors, path, metadata | {key: text for key, text in said if text})


def token_losses(logits, labels, draw=False):
    """The summed loss of next tokens of each example. labels are not shifted, and -100 where there is none; draw takes the
    model's own labels in their place, for sampled captures."""
    logits, labels = logits[:, :-1], labels[:, 1:]
    logits = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    if draw:
        drawn = torch.distributions.Categorical(logits=logits.detach()).sample()
        labels = torch.where(labels == -100, labels, drawn)
    losses = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="none")
    return losses.view(labels.shape).sum(1)


def _refused(name, reason):
    return ValueError(f"layer {name}: {reason}")


def _layers(model, names):
    layers = []
    for name in names:
        try:
            module = model.get_submodule(name)
        except AttributeError as e:
            raise _refused(name, f"the model has no such module: {e}") from None
        weight = module._parameters.get("weight")
        layer = _Layer(name, module, [m for m in model.modules() if m._parameters.get("weight") is weight])
        for other in layers:
            if other.weight is weight:
                raise _refused(name, f"has the weight of {other.name}; name one of them: its captures hold both's uses")
        layers.append(layer)
    return layers


class _Layer:
    """One weight, and every run of a module that has it."""

    def __init__(self, name, module, owners):
        self.name, self.module, self.owners, self.uses = name, module, owners, []
        kind = type(module).__name__
        self.conv = isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))
        self.transposed = kind == "Conv1D" and hasattr(module, "nf")  # of transformers, [in, out]
        self.weight, self.bias = module._parameters.get("weight"), module._parameters.get("bias")
        if self.weight is None or nn.parameter.is_lazy(self.weight):
            raise _refused(name, f"{kind} has no parameter named weight; name a linear or convolutional module in it")
        if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) or not (self.conv or self.weight.dim() == 2):
            raise _refused(name, f"{kind} is no linear or convolutional layer; leave it out")
        if not self.weight.is_floating_point():
            raise _refused(name, f"weights of type {self.weight.dtype} have no gradient; load it without quantization")
        for other in owners:
            if type(other) is not type(module) or other._parameters.get("bias") is not self.bias:
                raise _refused(name, f"shares its weight with a {type(other).__name__} of another form; leave it out")

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def form(self, n):
        return tuple((len(use["x"].shape), use["x"].shape[0] == n) for use in self.uses)

    def require(self, uses):
        if not self.ran:
            raise _refused(self.name, "never runs as a module; leave it out")
        if not uses:
            raise _refused(
                self.name,
                "no gradient reaches it: it is cut off (detach, no_grad, checkpoint with "
                "use_reentrant=True), or nothing uses its output",
            )

    def finish(self, n, mask):
        """Makes a [n, t, in] and g [n, t, out] of each group, uses one after the other, and the mask."""
        uses = [use for use in self.uses if "g" in use]
        self.require(uses)
        parts = [self._rows(use, n) for use in uses]
        lengths = {a.shape[1] for a, g, shape in parts}
        self.count = len(parts) if len(lengths) == 1 else 1
        a, g = torch.cat([a for a, g, shape in parts], 1), torch.cat([g for a, g, shape in parts], 1)
        groups = self.module.groups if self.conv else 1
        self.groups = list(zip(a.chunk(groups, 2), g.chunk(groups, 2)))
        self.mask, self.own = None, False
        if mask is not None and not self.conv and lengths != {1}:
            masks = [self._mask(mask, shape) for a, g, shape in parts]
            self.mask, self.own = torch.cat(masks, 1), lengths != {mask.shape[1]}
        self.uses = []

    def _rows(self, use, n):
        x, g, module = use["x"], use["g"], use["module"]
        if self.conv:
            if x.dim() != self.weight.dim() or len(x) != n:
                raise _refused(self.name, f"its input is {list(x.shape)} where {n} examples were expected")
            x = _patches(module, x)
            return x, g.flatten(2).transpose(1, 2), x.shape[1:-1]
        if x.dim() == 2 and len(x) != n and len(x) % n == 0:  # tokens are flattened
            x, g = x.unflatten(0, (n, -1)), g.unflatten(0, (n, -1))
        if x.dim() < 2 or len(x) != n or len(g) != n:
            raise _refused(self.name, f"its input is {list(x.shape)}, but loss gave {n} numbers; examples come first")
        shape = x.shape[1:-1]
        return x.reshape(n, math.prod(shape), -1), g.reshape(n, math.prod(shape), -1), shape

    def _mask(self, mask, shape):
        n, t = mask.shape
        first, last = len(shape) > 0 and shape[0] == t, len(shape) > 0 and shape[-1] == t
        if mask.all():
            return mask.new_ones(n, math.prod(shape))
        if first == last and len(shape) != 1 or not (first or last):
            raise _refused(
                self.name, f"its positions are {list(shape)}, the mask has {t}; export it alone, with its mask"
            )
        spread = mask.view(n, *[t if k == (0 if first else len(shape) - 1) else 1 for k in range(len(shape))])
        return spread.expand(n, *shape).flatten(1)

    def gradient(self, rows):
        """Of the examples in rows: what captures say of the weight and the bias, and the size of what was added up."""
        weights, biases, sizes = [], [], []
        for a, g in self.groups:
            a, g = a[rows].double(), g[rows].double()
            g = g if self.mask is None else g * self.mask[rows][:, :, None]
            a = a if self.mask is None else a.masked_fill(~self.mask[rows][:, :, None], 0)
            weights.append(torch.einsum("nto,nti->oi", g, a))
            biases.append(g.sum((0, 1)))
            sizes.append((g.norm(dim=2) * (a.square().sum(2) + 1).sqrt()).sum())
        weight = torch.cat(weights)
        weight = weight.T if self.transposed else weight
        return [weight.reshape(self.weight.shape), torch.cat(biases)], sum(sizes)

    def hides(self, rows):
        """Whether a position that the mask takes for padding has a gradient."""
        return self.mask is not None and any((g[rows] * ~self.mask[rows][:, :, None]).any() for a, g in self.groups)

    def rounding(self):
        """The coarsest type that took part."""
        a, g = self.groups[0]
        rough = self.weight.is_cuda and self.weight.dtype == torch.float32  # TF32
        return max(
            torch.finfo(t).eps for t in [a.dtype, g.dtype, self.weight.dtype, torch.float16 if rough else g.dtype]
        )

    def write(self, tensors, declared, rank):
        for k, (a, g) in enumerate(self.groups):
            name = self.name if len(self.groups) == 1 else f"{self.name}.group{k}"
            positions = "patches" if self.conv else "tokens"
            about = {"in": a.shape[2], "out": g.shape[2], "bias": self.bias is not None, "uses": self.count}
            if rank is not None:
                about |= {"uses": 1} | ({"positions": positions} if a.shape[1] > 1 else {})
                a, g, tensors[name + "/energy"] = _cut(a, g, self.mask, rank, self.bias is not None)
            elif self.own:
                tensors[name + "/mask"] = self.mask.to(torch.uint8)
            if self.conv:
                about["positions"] = positions
            tensors[name + "/activations"], tensors[name + "/output_gradients"], declared[name] = a, g, about


def _patches(conv, x):
    """[n, pixels of the output, channels · kernel], in the order of the flattened weights."""
    padding = conv._reversed_padding_repeated_twice
    x = nn.functional.pad(x, padding, "constant" if conv.padding_mode == "zeros" else conv.padding_mode)
    for d, (size, step, gap) in enumerate(zip(conv.kernel_size, conv.stride, conv.dilation)):
        x = x.unfold(2 + d, gap * (size - 1) + 1, step)[..., ::gap]
    spatial = len(conv.kernel_size)
    x = x.movedim(1, 1 + spatial)
    return x.reshape(len(x), math.prod(x.shape[1 : 1 + spatial]), -1)


def _cut(a, g, mask, rank, bias):
    """The largest singular pairs of each example's gradient as positions, and the share of its square that they keep. A bias is
    kept whole, by one position more."""
    if a.shape[1] == 1:
        return a, g, torch.ones(len(a), dtype=torch.float64)
    x, y = a.double(), g.double()
    if mask is not None:
        x, y = x.masked_fill(~mask[:, :, None], 0), y.masked_fill(~mask[:, :, None], 0)
    (p, r), (q, s) = torch.linalg.qr(y.mT), torch.linalg.qr(x.mT)  # the gradient is p (r sᵀ) qᵀ
    u, sigma, v = torch.linalg.svd(r @ s.mT, full_matrices=False)
    root = sigma[:, :rank].sqrt()[:, :, None]
    cut_y, cut_x = (p @ u[:, :, :rank]).mT * root, (q @ v.mT[:, :, :rank]).mT * root
    if bias:
        cut_y = torch.cat([cut_y, (y.sum(1) - cut_y.sum(1))[:, None]], 1)
        cut_x = torch.cat([cut_x, torch.zeros_like(x[:, :1])], 1)
    whole = sigma.square().sum(1)
    kept = torch.where(whole > 0, sigma[:, :rank].square().sum(1) / whole, torch.ones_like(whole))
    return cut_x.to(a.dtype), cut_y.to(g.dtype), kept


class _Recording(contextlib.ExitStack):
    """Hooks on the layers for one forward and one backward pass; afterwards the model is as before, also when that fails."""

    def __init__(self, model, layers):
        super().__init__()
        self.model, self.layers, self.phase, self.calls, self.useful = model, layers, "", 0, set()

    def __enter__(self):
        try:
            for module in self.model.modules():
                self.callback(setattr, module, "training", module.training)
            self.model.eval()
            self.enter_context(torch.inference_mode(False))
            self.enter_context(torch.enable_grad())
            if hasattr(torch.compiler, "set_stance"):  # hooks do not run in compiled code
                self.enter_context(torch.compiler.set_stance("force_eager"))
            self._hook(self.model.register_forward_pre_hook, self._call)
            for layer in self.layers:
                layer.ran, frozen = False, not layer.weight.requires_grad
                for parameter in layer.parameters():
                    self.callback(parameter.requires_grad_, parameter.requires_grad)
                    parameter.requires_grad_(True)
                for module in layer.owners:
                    if frozen:  # nothing kept its input before, so that the model may change it in place
                        self._hook(module.register_forward_pre_hook, self._clone, with_kwargs=True)
                    self._hook(module.register_forward_hook, self._forward(layer), with_kwargs=True)
        except BaseException:
            self.close()
            raise
        return self

    def _hook(self, register, hook, **options):
        self.callback(register(hook, **options).remove)

    def _call(self, module, args):
        self.calls += self.phase == "forward"

    @staticmethod
    def _clone(module, args, kwargs):
        own = lambda value: value.clone() if torch.is_tensor(value) else value
        return tuple(map(own, args)), {key: own(value) for key, value in kwargs.items()}

    def _forward(self, layer):
        def hook(module, args, kwargs, y):
            if self.phase != "forward":  # a checkpoint runs it again
                return
            layer.ran = True
            inputs = [value for value in [*args, *kwargs.values()] if torch.is_tensor(value)]
            if len(inputs) != 1 or not torch.is_tensor(y):
                raise _refused(layer.name, f"{type(module).__name__} has {len(inputs)} inputs; one was expected")
            if not y.requires_grad:
                return
            use = {"x": inputs[0].detach().to("cpu", copy=True), "module": module}
            layer.uses.append(use)
            call = self.calls

            def gradient(g):
                if self.phase == "backward":
                    use["g"] = g.detach().to("cpu", copy=True)
                    self.useful.add(call)

            y.register_hook(gradient)  # on the tensor, so that it may be changed in place later

        return hook

    def run(self, loss):
        self.phase = "forward"
        losses = loss(self.model)
        self.phase = ""
        if not torch.is_tensor(losses) or losses.dim() != 1:
            found = f"a tensor {list(losses.shape)}" if torch.is_tensor(losses) else type(losses).__name__
            raise ValueError(
                f"loss must give one number an example, [n], summed over its positions, found {found}: "
                "a sum cannot be checked example by example, and a mean gives wrong scores"
            )
        if not losses.requires_grad:
            raise ValueError("the loss does not depend on the layers that are named; was it detached?")
        return losses

    def backward(self, total, keep):
        for layer in self.layers:
            layer.require(layer.uses)
        self.phase = "backward"
        parameters = [parameter for layer in self.layers for parameter in layer.parameters()]
        try:
            torch.autograd.grad(total, parameters, retain_graph=keep, allow_unused=True)
        except RuntimeError as e:
            if "use_reentrant" in str(e):
                raise ValueError(
                    "the model has a checkpoint with use_reentrant=True, whose gradients cannot be captured; "
                    "use use_reentrant=False, or none"
                ) from e
            raise
        self.phase = ""
        if self.calls > 1 and len(self.useful) < self.calls:
            raise ValueError(
                f"loss ran the model {self.calls} times, {self.calls - len(self.useful)} of them without a "
                "gradient: draw labels from the logits of the one pass that the loss is of"
            )


def _check(layers, losses):
    """Compares the captures of each example with autograd's gradient of its loss alone."""
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    alone = range(min(len(losses), EXAMPLES_CHECKED))
    groups = [slice(e, e + 1) for e in alone] + ([slice(len(alone), None)] if len(losses) > len(alone) else [])
    for rows in groups:
        truth = iter(torch.autograd.grad(losses[rows].sum(), parameters, retain_graph=True, allow_unused=True))
        for layer in layers:
            found, size = layer.gradient(rows)
            for parameter, captured in zip(layer.parameters(), found):
                right = next(truth)
                right = torch.zeros_like(captured) if right is None else right.detach().cpu().double()
                off, eps = (captured - right).norm(), layer.rounding()
                if not off <= math.sqrt(eps) * right.norm() + 4 * eps * size:
                    part = "bias" if parameter is layer.bias else "weight"
                    likely = (
                        "the loss counts positions that the mask hides"
                        if layer.hides(rows)
                        else "its weight is used outside the module, examples are not the first dimension of its input, "
                        "or it computes something else; leave it out"
                    )
                    raise _refused(
                        layer.name,
                        f"its captures do not give autograd's gradient of its {part} (relative "
                        f"error {off / right.norm():.2g}, example {rows.start}): {likely}",
                    )
