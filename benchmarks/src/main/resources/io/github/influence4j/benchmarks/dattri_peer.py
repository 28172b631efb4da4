"""Fits EK-FAC and scores questions with dattri-llm on a language model: dattri_peer.py FOLDER THREADS BATCH

Reads the model in FOLDER, FOLDER/train.json and FOLDER/questions.json (rows of tokens). The factors are those of the true labels, as
everything in dattri-llm is; tracked are the linear maps of the MLPs, and all other weights are frozen; damping is a tenth of the mean
corrected eigenvalue. Gradients are captured again in every pass, as the other programs do it. Writes FOLDER/dattri.f32 (raw
little-endian float32, a row for each question) and prints the seconds of fit and scores and the largest resident size as JSON.
"""

import json
import pathlib
import resource
import shutil
import sys
import tempfile
import time

import torch
from transformers import LlamaForCausalLM

from dattri_llm import AttributionArguments, AttributionTask, EKFACAttributor, HookManagerConfig
from dattri_llm.utils.hashing import hash_sample

folder, threads, batch_size = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)

model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
for name, parameter in model.named_parameters():
    parameter.requires_grad_(".mlp." in name)


def summed_loss(model, batch):
    tokens = batch["input_ids"]
    logits = model(input_ids=tokens, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")


def rows(name):
    return [{"input_ids": torch.tensor(row)} for row in json.loads((folder / name).read_text())]


class Timed(EKFACAttributor):
    """Tells when the factors are there; what follows are the questions' gradients and the scores."""

    def prepare_scoring(self, train_source, test_source):
        super().prepare_scoring(train_source, test_source)
        self.fitted = time.perf_counter()


train, questions = rows("train.json"), rows("questions.json")
output = tempfile.mkdtemp(prefix="dattri", dir=folder)
try:
    arguments = AttributionArguments(
        output_dir=output,
        per_device_train_batch_size=batch_size,
        per_device_eval_batch_size=batch_size,
        use_cpu=True,
    )
    attributor = Timed(arguments, task=AttributionTask(loss_func=summed_loss, model=model))
    start = time.perf_counter()
    score = attributor.attribute(
        train,
        questions,
        hook_config=HookManagerConfig(invasive_linear_io=[r".*\.mlp\..*"]),
        damping=0.1,
        relative_damping=True,
    )
    end = time.perf_counter()
    seconds = {"fit": attributor.fitted - start, "scores": end - attributor.fitted}
    scores = score.query([hash_sample(row) for row in train], [hash_sample(row) for row in questions])
    scores.T.float().contiguous().numpy().astype("<f4").tofile(folder / "dattri.f32")
finally:
    shutil.rmtree(output)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "mebibytes": peak}))
