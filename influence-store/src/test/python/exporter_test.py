"""The exporter of docs/captures_export.py against autograd, in float64, example by example.

python exporter_test.py                     runs the tests
python exporter_test.py --table BEFORE      prints the table of docs/results/exporter.md; BEFORE is an older exporter
"""

import contextlib
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings

import torch
from safetensors import safe_open
from safetensors.torch import load_file

import exporter_cases as cases

EXPORTER = pathlib.Path(__file__).parents[4] / "docs" / "captures_export.py"


def load(path):
    spec = importlib.util.spec_from_file_location("captures_export", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


captures = load(EXPORTER)


def prepared(case):
    """The model and the batch, always the same."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(3)
    return case.make(), case.batch(), case.loss or cases.cross_entropy


def truth(model, case, batch, loss):
    """Autograd's gradients [n, out, in + bias] of the layers, each example run alone."""
    training = {module: module.training for module in model.modules()}
    gradients = {name: [] for name in case.layers}
    model.eval()
    layers = {name: model.get_submodule(name) for name in case.layers}
    parameters = [p for layer in layers.values() for p in layer.parameters()]
    wanted = [p.requires_grad for p in parameters]
    [p.requires_grad_(True) for p in parameters]
    for e in range(len(batch[0])):
        mask = None if case.mask is None else case.mask[e : e + 1]
        value = loss(model, tuple(x[e : e + 1].clone() for x in batch), mask).sum()
        got = iter(torch.autograd.grad(value, parameters))
        for name, layer in layers.items():
            weight = next(got)
            weight = weight.T if type(layer).__name__ == "Conv1D" else weight.flatten(1)
            gradients[name].append(
                torch.cat([weight, *([] if layer.bias is None else [next(got)[:, None]])], 1).double()
            )
    [p.requires_grad_(w) for p, w in zip(parameters, wanted)]
    for module, mode in training.items():
        module.training = mode
    return {name: torch.stack(g) for name, g in gradients.items()}


def written(path):
    """The gradients [n, out, in + bias] that a reader of the file adds up, groups of a convolution put together."""
    with safe_open(path, "pt") as file:
        layers = json.loads(file.metadata()["layers"])
    tensors = load_file(path)
    gradients = {}
    for name, layer in layers.items():
        a, g = tensors[name + "/activations"].double(), tensors[name + "/output_gradients"].double()
        a = torch.cat([a, torch.ones_like(a[:, :, :1])], 2) if layer["bias"] else a
        shared = tensors.get("mask") if layer.get("positions") != "patches" and a.shape[1] > 1 else None
        mask = tensors.get(name + "/mask", None if shared is None else shared.repeat(1, layer["uses"]))
        if mask is not None:
            if mask.shape != a.shape[:2]:
                raise ValueError(f"{name} has {a.shape[1]} positions, its mask {mask.shape[1]}")
            g = g * mask[:, :, None]
        gradients.setdefault(name.split(".group")[0], []).append(torch.einsum("nto,nti->noi", g, a))
    return {name: torch.cat(parts, 1) for name, parts in gradients.items()}


def relative(found, right):
    return max(
        ((found[name] - right[name]).norm() / right[name].norm()).item()
        if found[name].shape == right[name].shape
        else float("inf")
        for name in right
    )


def outcome(exporter, case, summed=False):
    """The largest relative error over layers; an exception where the exporter refuses.

    summed is for older exporters, which took the sum of the losses.
    """
    model, batch, loss = prepared(case)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/captures.safetensors"
        exporter.export(
            path,
            model,
            case.layers,
            lambda m: loss(m, batch, case.mask).sum() if summed else loss(m, batch, case.mask),
            "measurement",
            mask=None if case.mask is None else case.mask.to(torch.uint8),
        )
        # a fresh model, so that nothing the exporter did to this one can hide
        fresh, batch, loss = prepared(case)
        if case.twin is not None:
            twin = case.twin()
            twin.load_state_dict(fresh.state_dict())
            fresh = twin
        return relative(written(path), truth(fresh, case, batch, loss))


class CasesTest(unittest.TestCase):
    def test_every_case_is_right_or_refused(self):
        for case in cases.all_cases():
            with self.subTest(case.name):
                if case.refused:
                    with self.assertRaises(ValueError) as caught:
                        outcome(captures, case)
                    self.assertIn(case.refused, str(caught.exception))
                else:
                    self.assertLessEqual(outcome(captures, case), case.tolerance)


class ExportTest(unittest.TestCase):
    def setUp(self):
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(5)
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = f"{self.folder}/captures.safetensors"
        self.model, (self.x, self.y) = cases.sequence()(), cases.sequences()()

    def loss(self, model):
        return cases.cross_entropy(model, (self.x, self.y))

    def state(self):
        hooks = [
            len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in self.model.modules()
        ]
        return (
            [m.training for m in self.model.modules()],
            [p.requires_grad for p in self.model.parameters()],
            hooks,
            [None if p.grad is None else p.grad.clone() for p in self.model.parameters()],
        )

    def assertUnchanged(self, before):
        after = self.state()
        self.assertEqual(before[:3], after[:3])
        for was, is_now in zip(before[3], after[3]):
            self.assertTrue(was is is_now is None or torch.equal(was, is_now))

    def test_the_model_is_as_before(self):
        self.model.train()
        self.model.head.eval()
        self.model.a.requires_grad_(False)
        self.loss(self.model).sum().backward()
        before = self.state()
        captures.export(self.path, self.model, ["a", "head"], self.loss, "training")
        self.assertUnchanged(before)

    def test_the_model_is_as_before_when_the_loss_raises(self):
        self.loss(self.model).sum().backward()
        before = self.state()

        def broken(model):
            self.loss(model)
            raise KeyError("a mistake")

        with self.assertRaises(KeyError):
            captures.export(self.path, self.model, ["a", "head"], broken, "training")
        self.assertUnchanged(before)
        with self.assertRaises(ValueError):
            captures.export(self.path, self.model, ["a", "head"], lambda m: self.loss(m).mean(), "training")
        self.assertUnchanged(before)

    def test_it_works_where_gradients_are_switched_off(self):
        for off in (torch.no_grad, torch.inference_mode):
            with off():
                captures.export(self.path, self.model, ["a", "head"], self.loss, "training")
            self.assertIn("a/activations", load_file(self.path))

    def test_masks_and_ids_may_be_slices_of_one_tensor(self):
        both = torch.ones(cases.N, 2 * cases.T, dtype=torch.int64)
        captures.export(
            self.path, self.model, ["a", "head"], self.loss, "training", mask=both[:, ::2], ids=torch.arange(8)[::2]
        )
        self.assertEqual([0, 2, 4, 6], load_file(self.path)["ids"].tolist())

    def test_ids_and_masks_of_other_examples_are_refused(self):
        with self.assertRaisesRegex(ValueError, "ids must be"):
            captures.export(self.path, self.model, ["a"], self.loss, "training", ids=[1, 2, 3])
        with self.assertRaisesRegex(ValueError, "mask must be"):
            captures.export(self.path, self.model, ["a"], self.loss, "training", mask=torch.ones(3, cases.T))

    def test_a_batch_of_more_examples_than_are_checked_one_by_one(self):
        self.x, self.y = cases.sequences(19)()
        captures.export(self.path, self.model, ["a", "head"], self.loss, "training")
        case = cases.Case("", None, ["a", "head"], None)
        right = truth(self.model, case, (self.x, self.y), cases.cross_entropy)
        self.assertLessEqual(relative(written(self.path), right), 1e-10)

    def test_gradients_that_are_zero_but_for_rounding_are_right(self):
        model = cases.LLAMA()
        key = torch.nn.Linear(8, 4)  # softmax does not see a constant that is added to all keys
        model.model.layers[0].self_attn.k_proj = key
        batch = cases.texts()
        captures.export(
            self.path,
            model,
            ["model.layers.0.self_attn.k_proj"],
            lambda m: cases.next_tokens(m, batch, None),
            "training",
        )

    def test_numbers_that_are_not_finite_are_refused(self):
        self.x[1, 2, 3] = float("nan")
        with self.assertRaisesRegex(ValueError, "layer a: its captures do not give"):
            captures.export(self.path, self.model, ["a", "head"], self.loss, "training")

    def test_a_layer_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(ValueError, "layer nosuch: the model has no such module"):
            captures.export(self.path, self.model, ["nosuch"], self.loss, "training")


class RankTest(unittest.TestCase):
    """Gradients that are cut to a rank, against the singular values of autograd's gradients."""

    def exported(self, case, rank):
        model, batch, loss = prepared(case)
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/captures.safetensors"
            mask = None if case.mask is None else case.mask.to(torch.uint8)
            captures.export(
                path, model, case.layers, lambda m: loss(m, batch, case.mask), "training", mask=mask, rank=rank
            )
            return written(path), load_file(path), truth(model, case, batch, loss)

    def test_a_cut_keeps_the_largest_singular_pairs_and_the_bias(self):
        names = ("Linear on sequences", "[n, heads, t, d]", "Conv2d, padding same", "a module used twice")
        names += ("Hugging Face Llama, padding on the left",)
        for case in [case for case in cases.all_cases() if case.name in names]:
            for rank in (1, 2, 3, 50):
                with self.subTest(case=case.name, rank=rank):
                    found, tensors, right = self.exported(case, rank)
                    model, _, _ = prepared(case)
                    for name in case.layers:
                        gradient, bias = right[name], model.get_submodule(name).bias is not None
                        positions = tensors[name + "/activations"].shape[1]
                        weight = gradient[:, :, :-1] if bias else gradient
                        u, s, v = torch.linalg.svd(weight, full_matrices=False)
                        cut = (u[:, :, :rank] * s[:, None, :rank]) @ v[:, :rank]
                        kept = s[:, :rank].square().sum(1) / s.square().sum(1)
                        self.assertLessEqual(positions, rank + bias)
                        expected = torch.cat([cut, gradient[:, :, -1:]], 2) if bias else cut
                        torch.testing.assert_close(found[name], expected, rtol=1e-9, atol=1e-12)
                        torch.testing.assert_close(tensors[name + "/energy"], kept, rtol=1e-9, atol=1e-12)

    def test_a_fit_is_refused(self):
        model, batch = cases.sequence()(), cases.sequences()()
        for objective, rank in (("sampled", 4), ("training", 0)):
            with self.assertRaisesRegex(ValueError, f"rank {rank}"):
                captures.export("never", model, ["a"], lambda m: cases.cross_entropy(m, batch), objective, rank=rank)


class TokenLossesTest(unittest.TestCase):
    def setUp(self):
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(6)
        self.logits, self.labels = torch.randn(3, 6, 4), torch.randint(4, (3, 6))
        self.labels[0, :3] = -100
        self.labels[2, 4:] = -100

    def test_the_loss_of_next_tokens_is_that_of_plain_loops(self):
        expected = torch.zeros(3)
        for e in range(3):
            for t in range(5):
                if self.labels[e, t + 1] != -100:
                    expected[e] -= torch.log_softmax(self.logits[e, t], 0)[self.labels[e, t + 1]]
        torch.testing.assert_close(captures.token_losses(self.logits, self.labels), expected)

    def test_labels_are_drawn_only_where_there_is_one(self):
        # sharp logits have one label that can be drawn, whose loss is 0; the given labels cost much
        drawn = captures.token_losses(self.logits * 1e6, self.labels, draw=True)
        torch.testing.assert_close(drawn, torch.zeros(3), atol=1e-6, rtol=0)
        self.labels[:] = -100
        self.assertEqual([0, 0, 0], captures.token_losses(self.logits, self.labels, draw=True).tolist())


class HuggingFaceTest(unittest.TestCase):
    """The script of docs/huggingface.md, on a tiny random Llama, against the loss of transformers itself."""

    def test_the_script_writes_what_transformers_trains_on(self):
        import transformers

        torch.set_default_dtype(torch.float32)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            cases.tiny_checkpoint(folder)
            script = EXPORTER.with_name("huggingface_export.py")
            files = [folder / "train.jsonl", folder / "questions.jsonl"]
            subprocess.run([sys.executable, script, folder / "model", *files, folder / "captures"], check=True)
            model = transformers.AutoModelForCausalLM.from_pretrained(folder / "model").double()
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "model")
            for objective, file in (("training", files[0]), ("measurement", files[1])):
                found = self.read(folder / "captures" / objective)
                for e, line in enumerate(map(json.loads, file.read_text().splitlines())):
                    for name, right in self.right(model, tokenizer, line, found).items():
                        # the script's model computes in float32
                        torch.testing.assert_close(found[name][e], right, rtol=1e-4, atol=1e-5)
            sampled, training = self.read(folder / "captures" / "sampled"), self.read(folder / "captures" / "training")
            for name in sampled:
                self.assertEqual(sampled[name].shape, training[name].shape)
                self.assertFalse(torch.equal(sampled[name], training[name]))

    @staticmethod
    def read(folder):
        shards = [written(path) for path in sorted(folder.iterdir())]
        return {name: torch.cat([shard[name] for shard in shards]) for name in shards[0]}

    @staticmethod
    def right(model, tokenizer, line, names):
        prompt = tokenizer(line["prompt"])["input_ids"]
        completion = tokenizer(line["completion"], add_special_tokens=False)["input_ids"]
        labels = torch.tensor([[-100] * len(prompt) + completion])
        loss = model(input_ids=torch.tensor([prompt + completion]), labels=labels).loss
        weights = [model.get_submodule(name).weight for name in names]
        return dict(zip(names, torch.autograd.grad(loss * (labels[:, 1:] != -100).sum(), weights)))


def table(before):
    print("| case | before | now |\n|---|---|---|")
    for case in cases.all_cases():
        row = []
        for exporter, summed in ((load(before), True), (captures, False)):
            try:
                with warnings.catch_warnings(), contextlib.redirect_stderr(None):
                    warnings.simplefilter("ignore")
                    error = outcome(exporter, case, summed)
                row.append("right" if error <= case.tolerance else f"wrong: {error:.2g}")
            except ValueError as e:
                row.append("refused" if not summed else f"error: {str(e)[:60]}")
            except Exception as e:
                row.append(f"error: {type(e).__name__}")
        print(f"| {case.name} | {row[0]} | {row[1]} |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--table"]:
        table(sys.argv[2])
    else:
        unittest.main()
