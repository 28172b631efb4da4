"""Fits EK-FAC and scores questions with dattri-llm: dattri_peer.py FOLDER THREADS BATCH

FOLDER holds a workload that PeerComparison wrote (workload.json, data.safetensors, peer_runner.py), or a language model with train.json
and questions.json (rows of tokens). Tracked are the layers of a workload or the linear maps of the model's MLPs, whose other weights are
frozen. dattri-llm fits to the loss of the batches that it is given and draws no labels: the loss of a workload takes the drawn ones while
the factors are fitted, and the true ones afterwards; that of a language model takes the true ones throughout. Damping is a tenth of the
mean corrected eigenvalue of each layer, and gradients are captured again in every pass, as the other programs do it. Writes
FOLDER/dattri.f32 (raw little-endian float32, a row for each question) and prints the seconds of the fit, of its parts and of the scores,
and the largest resident size, as JSON.
"""

import json
import pathlib
import resource
import shutil
import sys
import tempfile
import time

import torch
from dattri_llm import AttributionArguments, AttributionTask, EKFACAttributor, HookManagerConfig

folder, threads, batch_size = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)


class Workload:
    """Dense layers; the model and the data are those of kronfluence's runner, which lies beside this script."""

    layers = [r"linear\d+"]
    fitting = False

    def __init__(self):
        from peer_runner import Examples, PositionwiseMlp
        from safetensors.torch import load_file

        workload = json.loads((folder / "workload.json").read_text())
        self.classes = workload["loss"] == "CROSS_ENTROPY"
        tensors = load_file(str(folder / "data.safetensors"))
        self.model = PositionwiseMlp(tensors, workload["layers"], workload["activation"])
        self.train, self.questions = (Examples(tensors, name, self.classes) for name in ("train", "queries"))

    def loss(self, model, batch):
        from peer_runner import summed_loss

        inputs, targets, sampled = batch
        return summed_loss(model(inputs), sampled if self.fitting else targets, self.classes)


class LanguageModel:
    """The linear maps of the MLPs of a Llama."""

    layers = [r".*\.mlp\..*"]
    fitting = False

    def __init__(self):
        from transformers import LlamaForCausalLM

        self.model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(".mlp." in name)
        self.train, self.questions = (self.rows(name) for name in ("train.json", "questions.json"))

    @staticmethod
    def rows(name):
        return [{"input_ids": torch.tensor(row)} for row in json.loads((folder / name).read_text())]

    @staticmethod
    def loss(model, batch):
        tokens = batch["input_ids"]
        logits = model(input_ids=tokens, use_cache=False).logits
        return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")


class Passes:
    """A source of gradients that tells when each pass over it began and ended."""

    reusable = True

    def __init__(self, source):
        self.source, self.times = source, []

    def __len__(self):
        return len(self.source)

    def __iter__(self):
        self.times.append(time.perf_counter())
        yield from self.source
        self.times.append(time.perf_counter())


class Timed(EKFACAttributor):
    """Tells when the factors are there; what follows are the questions' gradients and the scores."""

    def prepare_scoring(self, train_source, test_source):
        self.passes = Passes(train_source)
        work.fitting = True
        super().prepare_scoring(self.passes, test_source)
        work.fitting = False
        self.fitted = time.perf_counter()


work = Workload() if (folder / "workload.json").exists() else LanguageModel()
output = tempfile.mkdtemp(prefix="dattri", dir=folder)
try:
    arguments = AttributionArguments(
        output_dir=output,
        per_device_train_batch_size=batch_size,
        per_device_eval_batch_size=min(batch_size, len(work.questions)),
        use_cpu=True,
    )
    attributor = Timed(arguments, task=AttributionTask(loss_func=work.loss, model=work.model))
    start = time.perf_counter()
    score = attributor.attribute(
        work.train,
        work.questions,
        hook_config=HookManagerConfig(invasive_linear_io=work.layers),
        damping=0.1,
        relative_damping=True,
    )
    end = time.perf_counter()
finally:
    shutil.rmtree(output)
# its rows and columns are in the order of the data, which a frozen model's passes do not shuffle
if score.scores.shape != (len(work.train), len(work.questions)):
    sys.exit(f"scores of shape {tuple(score.scores.shape)}: were two examples alike?")
score.scores.T.float().contiguous().numpy().astype("<f4").tofile(folder / "dattri.f32")
first, decompositions, second, _ = attributor.passes.times
seconds = {
    "fit": attributor.fitted - start,
    "covariance": decompositions - first,
    "eigen": second - decompositions,
    "lambda": attributor.fitted - second,
    "pairwise": end - attributor.fitted,
}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "mebibytes": peak}))
