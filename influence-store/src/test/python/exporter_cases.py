"""Models that exporters got wrong, with what is to come of each: captures that give autograd's gradients, or a refusal.

A case is a model, the layers to capture, a batch, and the loss of each example. What is right is the gradient of each example's
loss when the example is run alone, in float64.
"""

import dataclasses
import typing

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

F = nn.functional
N, T, D, C = 4, 5, 6, 3


@dataclasses.dataclass
class Case:
    name: str
    make: typing.Callable[[], nn.Module]
    layers: list
    batch: typing.Callable[[], tuple]
    refused: str = ""  # what the refusal says; empty where captures are right
    mask: typing.Optional[torch.Tensor] = None
    loss: typing.Optional[typing.Callable] = None  # loss(model, batch, mask) → [n]
    twin: typing.Optional[typing.Callable] = None  # a model of the same function that autograd can do
    tolerance: float = 1e-10  # roundoff of float64 over some hundred positions; of the type that is named else


def cross_entropy(model, batch, mask=None):
    return F.cross_entropy(model(batch[0]), batch[1], reduction="none")


def images(*shape):
    return lambda: (torch.randn(N, *shape), torch.randint(C, (N,)))


def sequences(n=N, t=T, d=D):
    return lambda: (torch.randn(n, t, d), torch.randint(C, (n,)))


class Convolved(nn.Module):
    def __init__(self, conv, inplace=False):
        super().__init__()
        self.conv, self.act, self.head = conv, nn.ReLU(inplace=inplace), nn.Linear(conv.out_channels, C)

    def forward(self, x):
        return self.head(self.act(self.conv(x)).flatten(2).mean(2))


class Sequence(nn.Module):
    """A model of sequences that ends in the mean of its positions."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.head = nn.Linear(D, C)

    def body(self, x):
        return torch.tanh(self.a(x))

    def forward(self, x):
        return self.head(self.body(x).mean(1))


def sequence(body=None, **parts):
    """A factory of models, each of which makes its parts anew."""

    def make():
        made = {"a": lambda: nn.Linear(D, D), **parts}
        model = Sequence(**{name: part() for name, part in made.items()})
        if body is not None:
            model.body = lambda x: body(model, x)
        return model

    return make


def tied(model):
    model.b.weight = model.a.weight
    return model


def then(make, change):
    return lambda: change(make())


def frozen(*names):
    def change(model):
        for name in names:
            model.get_submodule(name).requires_grad_(False)
        return model

    return change


def in_place_output(m, x):
    y = m.a(x)
    y += x
    return torch.tanh(y)


def in_place_input(m, x):
    h = m.a(x) * 1.5
    y = m.b(h)
    h += 1.0
    return y + h


def out_of_place(m, x):
    h = m.a(x) * 1.5
    return m.b(h) + (h + 1.0)


def twice(m, x):
    return torch.tanh(m.b(torch.tanh(m.a(x))))


class TwoNames(Sequence):
    def __init__(self):
        super().__init__(a=nn.Linear(D, D))
        self.b = self.a

    def body(self, x):
        return twice(self, x)


class Heads(nn.Module):
    """A layer on [n, heads, t, d], or on [n, t, heads, d]; a masked position has no part in the loss."""

    def __init__(self, swap):
        super().__init__()
        self.fc, self.head, self.swap = nn.Linear(3, 4), nn.Linear(4, C), swap

    def forward(self, x, mask):
        h = x.unflatten(2, (2, 3))
        h = torch.tanh(self.fc(h.transpose(1, 2) if self.swap else h)).sum(1 if self.swap else 2)
        return self.head((h * mask[:, :, None]).sum(1))


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.head = nn.TransformerEncoderLayer(D, 2, 8, dropout=0.1), nn.Linear(D, C)

    def forward(self, x):
        return self.head(self.enc(x.transpose(0, 1)).mean(0))


class Words(nn.Module):
    """A tiny language model, whose head may be its embedding."""

    def __init__(self, tie):
        super().__init__()
        self.embed, self.a, self.lm_head = nn.Embedding(7, D), nn.Linear(D, D), nn.Linear(D, 7, bias=False)
        if tie:
            self.lm_head.weight = self.embed.weight

    def forward(self, ids):
        return self.lm_head(torch.tanh(self.a(self.embed(ids))).cumsum(1))


class Adapter(nn.Module):
    """Low-rank adaptation as PEFT writes it: a frozen layer with a branch beside it."""

    def __init__(self):
        super().__init__()
        self.base_layer, self.lora_A, self.lora_B = (
            nn.Linear(D, D),
            nn.Linear(D, 2, bias=False),
            nn.Linear(2, D, bias=False),
        )
        self.base_layer.requires_grad_(False)

    def forward(self, x):
        return self.base_layer(x) + 2 * self.lora_B(self.lora_A(x))


class Flattened(Sequence):
    def __init__(self, first):
        super().__init__(a=nn.Linear(D, D))
        self.first = first

    def body(self, x):
        if self.first == "time":
            return torch.tanh(self.a(x.transpose(0, 1).flatten(0, 1))).unflatten(0, (x.shape[1], -1)).transpose(0, 1)
        return torch.tanh(self.a(x.flatten(0, 1))).unflatten(0, x.shape[:2])


class Experts(Sequence):
    """Each expert is given the tokens that are routed to it, of all examples together."""

    def __init__(self):
        super().__init__(a=nn.Linear(D, D), expert=nn.Linear(D, D), other=nn.Linear(D, D))

    def body(self, x):
        h = torch.tanh(self.a(x)).flatten(0, 1)
        mine = h[:, 0] > 0
        out = h.clone()
        out[mine] = self.expert(h[mine])
        out[~mine] = self.other(h[~mine])
        return out.view(x.shape)


class Queries(Sequence):
    """Learned queries, which have no dimension of examples, attend to the input."""

    def __init__(self):
        super().__init__(a=nn.Linear(D, D), q=nn.Linear(D, D))
        self.learned = nn.Parameter(torch.randn(N, D))

    def body(self, x):
        return torch.softmax(self.q(self.learned) @ self.a(x).mT, -1) @ x


def hugging_face(kind, **options):
    def make():
        import transformers

        config = {"gpt2": transformers.GPT2Config, "llama": transformers.LlamaConfig}[kind](**options)
        return transformers.AutoModelForCausalLM.from_config(config)

    return make


LLAMA = hugging_face(
    "llama",
    vocab_size=11,
    hidden_size=8,
    intermediate_size=12,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    max_position_embeddings=16,
)
GPT2 = hugging_face("gpt2", vocab_size=11, n_embd=8, n_layer=1, n_head=2, n_positions=16)
LLAMA_LAYERS = [
    f"model.layers.{k}.{m}"
    for k in (0, 1)
    for m in ("self_attn.q_proj", "self_attn.k_proj", "mlp.gate_proj", "mlp.down_proj")
]
RIGHT_PADDING = torch.tensor([[1] * 9, [1] * 6 + [0] * 3, [1] * 9, [1] * 4 + [0] * 5])


def texts():
    ids = torch.randint(11, (N, 9))
    labels = ids.clone()
    labels[:, :2] = -100  # a prompt
    return ids, labels


def next_tokens(model, batch, mask):
    ids, labels = batch
    attended = torch.ones_like(ids) if mask is None else mask
    labels = labels.masked_fill(attended == 0, -100)
    labels[:, 1:] = labels[:, 1:].masked_fill(attended[:, :-1] == 0, -100)  # padding predicts nothing
    return shifted(model(input_ids=ids, attention_mask=attended).logits, labels)


def shifted(logits, labels):
    losses = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100, reduction="none")
    return losses.view(len(labels), -1).sum(1)


def padding_predicts(model, batch, mask):
    ids, labels = batch
    logits = model(input_ids=ids, attention_mask=mask).logits
    return shifted(logits, labels.masked_fill(mask == 0, -100))


def word_loss(model, batch, mask):
    return (
        F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten(), reduction="none").view(batch[1].shape).sum(1)
    )


def words():
    return torch.randint(7, (N, T)), torch.randint(7, (N, T))


def autocast(model, batch, mask=None):
    with torch.autocast("cpu", torch.bfloat16):
        return F.cross_entropy(model(batch[0].float()).float(), batch[1], reduction="none")


def second_pass(model, batch, mask=None):
    with torch.no_grad():
        drawn = torch.distributions.Categorical(logits=model(batch[0])).sample()
    return F.cross_entropy(model(batch[0]), drawn, reduction="none") + 0 * batch[1]


def convolution(kind, *arguments, shape, inplace=False, **options):
    return lambda: Convolved(kind(*arguments, **options), inplace), images(*shape)


def checkpointed(reentrant):
    def body(m, x):
        return checkpoint(lambda y: torch.tanh(m.b(y)), torch.tanh(m.a(x)), use_reentrant=reentrant)

    return sequence(body, b=lambda: nn.Linear(D, D))


def siamese(m, x):
    return torch.cat([0.3 * m.a(x[:, :2]), torch.tanh(m.b(torch.tanh(m.a(2 * x[:, 2:]))))], 1)


def detached_second(m, x):
    with torch.no_grad():
        z = m.a(x + 1)
    return torch.tanh(m.a(x)) * z


def masked_heads(model, batch, mask):
    return F.cross_entropy(model(batch[0], mask), batch[1], reduction="none")


B = {"b": lambda: nn.Linear(D, D)}
UNTIED = {"a": lambda: nn.Linear(D, D, bias=False), "b": lambda: nn.Linear(D, D, bias=False)}
HALF_MASK = (torch.arange(T)[None] <= torch.tensor([4, 1, 3, 2])[:, None]).long()
IMAGE = (4, 6, 6)
NO_EXAMPLES = "examples"
NO_LAYER = "no linear or convolutional layer"


def tiny_checkpoint(folder):
    """A random Llama with a tokeniser of words in folder/model, and lines of text beside it."""
    import json

    import tokenizers
    import transformers

    torch.manual_seed(11)
    vocabulary = "the a cat dog sat ran on under mat tree . and".split()
    words = {word: k for k, word in enumerate(["<unk>", *vocabulary])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>").save_pretrained(
        folder / "model"
    )
    config = transformers.LlamaConfig(
        vocab_size=len(words),
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder / "model")
    for file, count in (("train.jsonl", 19), ("questions.jsonl", 3)):
        lines = []
        for _ in range(count):
            text = [vocabulary[k] for k in torch.randint(len(vocabulary), (int(torch.randint(4, 10, ())),))]
            lines.append(json.dumps({"prompt": " ".join(text[:2]), "completion": " ".join(text[2:])}))
        (folder / file).write_text("\n".join(lines) + "\n")


def convolutions():
    def case(name, made, layers=("conv", "head"), refused=""):
        return Case(name, made[0], list(layers), made[1], refused)

    yield case("Conv2d", convolution(nn.Conv2d, 4, 6, 3, padding=1, shape=IMAGE))
    yield case(
        "Conv2d, stride and dilation", convolution(nn.Conv2d, 4, 6, 3, stride=2, dilation=2, padding=2, shape=(4, 9, 7))
    )
    yield case("Conv2d, two groups", convolution(nn.Conv2d, 4, 6, 3, padding=1, groups=2, shape=IMAGE))
    yield case("Conv2d, depthwise", convolution(nn.Conv2d, 4, 4, 3, padding=1, groups=4, shape=IMAGE))
    for mode in ("circular", "reflect", "replicate"):
        yield case(
            f"Conv2d, padding_mode {mode}", convolution(nn.Conv2d, 4, 6, 3, padding=1, padding_mode=mode, shape=IMAGE)
        )
    yield case("Conv2d, padding same", convolution(nn.Conv2d, 4, 6, 3, padding="same", shape=IMAGE))
    yield case(
        "Conv2d, padding same, even kernel",
        convolution(nn.Conv2d, 4, 6, (2, 4), padding="same", dilation=(1, 2), shape=IMAGE),
    )
    yield case("Conv2d, padding valid", convolution(nn.Conv2d, 4, 6, 3, padding="valid", shape=IMAGE))
    yield case("Conv2d, activation in place", convolution(nn.Conv2d, 4, 6, 3, padding=1, inplace=True, shape=IMAGE))
    yield case("Conv1d, equal channels", convolution(nn.Conv1d, 6, 6, 3, padding=1, shape=(6, 8)))
    yield case("Conv1d, other channels", convolution(nn.Conv1d, 4, 6, 3, padding=1, stride=2, shape=(4, 8)))
    yield case("Conv1d alone", convolution(nn.Conv1d, 6, 6, 3, shape=(6, 8)), ["conv"])
    yield case("Conv3d", convolution(nn.Conv3d, 4, 4, 3, padding=1, groups=2, shape=(4, 3, 4, 5)))
    yield case(
        "ConvTranspose2d, equal channels",
        convolution(nn.ConvTranspose2d, 4, 4, 3, padding=1, shape=IMAGE),
        refused=NO_LAYER,
    )
    yield case(
        "ConvTranspose2d, other channels",
        convolution(nn.ConvTranspose2d, 4, 6, 3, padding=1, shape=IMAGE),
        refused=NO_LAYER,
    )


def modules():
    def case(name, make, layers=("a", "head"), refused="", **more):
        return Case(name, make, list(layers), more.pop("batch", sequences()), refused, **more)

    both = ("a", "b", "head")
    yield case("Linear on sequences", sequence())
    yield case("a module used twice", sequence(lambda m, x: torch.tanh(m.a(torch.tanh(m.a(x))))))
    yield case("a module used twice, other lengths, in branches", sequence(siamese, **B), both)
    yield case("one module under two names, both named", TwoNames, both, "has the weight of a")
    yield case("one module under two names, one named", TwoNames)
    yield case(
        "two modules of one weight, both named", then(sequence(twice, **UNTIED), tied), both, "has the weight of a"
    )
    yield case("two modules of one weight, one named", then(sequence(twice, **UNTIED), tied))
    yield case(
        "a weight used without its module",
        sequence(lambda m, x: torch.tanh(F.linear(x, m.a.weight, m.a.bias))),
        refused="layer a: never runs",
    )
    yield case(
        "a weight used with and without its module",
        sequence(lambda m, x: torch.tanh(m.a(x)) + F.linear(x, m.a.weight)),
        refused="layer a: its captures do not give",
    )
    yield case("a module that does not run", sequence(**B), both, "layer b: never runs")
    yield case(
        "a module cut off by detach", sequence(lambda m, x: torch.tanh(m.a(x)).detach()), refused="layer a: no gradient"
    )
    yield case("a second use under no_grad", sequence(detached_second))
    yield case("a module called by keyword", sequence(lambda m, x: torch.tanh(m.a(input=x))))
    yield case("an output changed in place", sequence(in_place_output))
    yield case(
        "a frozen layer whose input is changed in place later",
        then(sequence(in_place_input, **B), frozen("b")),
        ["b"],
        twin=sequence(out_of_place, **B),
    )
    yield case("a frozen first layer", then(sequence(), frozen("a")))
    yield case("checkpoint, not reentrant", checkpointed(False), both)
    yield case("checkpoint, reentrant", checkpointed(True), both, "layer b: no gradient reaches it")
    yield case("checkpoint, reentrant, around other layers", checkpointed(True), refused="use_reentrant=False")
    yield case("low-rank adapters", sequence(a=Adapter), ["a.lora_A", "a.lora_B", "a.base_layer", "head"])
    yield case("torch.compile in place", then(sequence(), lambda m: (m.compile(), m)[1]))
    yield case(
        "LayerNorm named",
        sequence(lambda m, x: m.norm(torch.tanh(m.a(x))), norm=lambda: nn.LayerNorm(D)),
        ["a", "norm"],
        "layer norm: LayerNorm is " + NO_LAYER,
    )
    yield case(
        "BatchNorm named",
        sequence(lambda m, x: m.norm(m.a(x).mT).mT, norm=lambda: nn.BatchNorm1d(D)),
        ["a", "norm"],
        "layer norm: BatchNorm1d is " + NO_LAYER,
    )
    yield case(
        "Bilinear named",
        sequence(lambda m, x: m.two(x, m.a(x)), two=lambda: nn.Bilinear(D, D, D)),
        ["a", "two"],
        "layer two: Bilinear is " + NO_LAYER,
    )
    yield case(
        "LSTM named",
        sequence(lambda m, x: m.lstm(m.a(x))[0], lstm=lambda: nn.LSTM(D, D, batch_first=True)),
        ["lstm"],
        "layer lstm: LSTM has no parameter named weight",
    )
    yield case(
        "Embedding named",
        lambda: Words(False),
        ["embed", "a"],
        "layer embed: Embedding is " + NO_LAYER,
        batch=words,
        loss=word_loss,
    )
    yield case(
        "lm_head tied to the embedding",
        lambda: Words(True),
        ["a", "lm_head"],
        "layer lm_head: shares its weight with a Embedd",
        batch=words,
        loss=word_loss,
    )
    yield case("lm_head not tied", lambda: Words(False), ["a", "lm_head"], batch=words, loss=word_loss)
    yield case(
        "MultiheadAttention's out_proj",
        TimeFirst,
        ["enc.self_attn.out_proj"],
        "out_proj: never runs",
        batch=sequences(5),
    )
    yield case(
        "dropout, in training mode",
        then(sequence(lambda m, x: m.drop(torch.tanh(m.a(x))), drop=lambda: nn.Dropout(0.5)), lambda m: m.train()),
    )
    yield case(
        "a model in bfloat16",
        then(sequence(), lambda m: m.bfloat16()),
        batch=lambda: (torch.randn(N, T, D).bfloat16(), torch.randint(C, (N,))),
        tolerance=2 * 2**-8,
    )
    yield case("autocast to bfloat16", then(sequence(), lambda m: m.float()), loss=autocast, tolerance=2 * 2**-8)


def examples():
    def case(name, make, layers=("a", "head"), refused="", **more):
        return Case(name, make, list(layers), more.pop("batch", sequences()), refused, **more)

    linears = ("enc.linear1", "enc.linear2")
    yield case("[n, heads, t, d]", lambda: Heads(True), ["fc", "head"], loss=masked_heads, mask=HALF_MASK)
    yield case("[n, t, heads, d]", lambda: Heads(False), ["fc", "head"], loss=masked_heads, mask=HALF_MASK)
    yield case("time first, n differs from t", TimeFirst, linears, NO_EXAMPLES)
    yield case("time first, n equals t", TimeFirst, linears, NO_EXAMPLES, batch=sequences(5))
    yield case("tokens flattened", lambda: Flattened("examples"))
    yield case("tokens flattened, alone", lambda: Flattened("examples"), ["a"])
    yield case("tokens flattened, time first", lambda: Flattened("time"), refused=NO_EXAMPLES)
    yield case("experts, each with its tokens", Experts, ["expert"], "layer expert: its")
    yield case("learned queries", Queries, ["q"], NO_EXAMPLES)
    yield case(
        "a loss averaged over examples",
        sequence(),
        loss=lambda m, b, k: F.cross_entropy(m(b[0]), b[1]),
        refused="one number an example",
    )
    yield case(
        "a loss added up over examples",
        sequence(),
        loss=lambda m, b, k: F.cross_entropy(m(b[0]), b[1], reduction="sum"),
        refused="one number an example",
    )
    yield case("labels drawn in a second pass", sequence(), loss=second_pass, refused="loss ran the model 2 times")


def language_models():
    gpt2 = ["transformer.h.0.attn.c_attn", "transformer.h.0.mlp.c_fc", "transformer.h.0.mlp.c_proj"]
    yield Case(
        "Hugging Face Llama, padding on the right", LLAMA, LLAMA_LAYERS, texts, mask=RIGHT_PADDING, loss=next_tokens
    )
    yield Case(
        "Hugging Face Llama, padding on the left",
        LLAMA,
        LLAMA_LAYERS,
        texts,
        mask=RIGHT_PADDING.flip(1),
        loss=next_tokens,
    )
    yield Case(
        "padding on the left predicts the first token",
        LLAMA,
        LLAMA_LAYERS,
        texts,
        "positions that the mask hides",
        mask=RIGHT_PADDING.flip(1),
        loss=padding_predicts,
    )
    yield Case(
        "Hugging Face Llama, gradient_checkpointing_enable",
        then(LLAMA, lambda m: (m.gradient_checkpointing_enable(), m.train())[1]),
        LLAMA_LAYERS,
        texts,
        loss=next_tokens,
    )
    yield Case("Hugging Face GPT-2, Conv1D", GPT2, gpt2, texts, mask=RIGHT_PADDING, loss=next_tokens)
    yield Case("Hugging Face GPT-2, tied lm_head", GPT2, ["lm_head"], texts, "shares its weight", loss=next_tokens)


def all_cases():
    return [*convolutions(), *modules(), *examples(), *language_models()]
