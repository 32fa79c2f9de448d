"""NL1xx: what the network gives does not fit the loss that gets it."""

from __future__ import annotations

from nonlin.findings import Rule, Severity

_TORCH = "from torch import nn\n\n"
_LOGITS = "model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10))\n"
_SCALAR = "model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))\n"
_CROSS = "loss = nn.CrossEntropyLoss()(model(x), y)\n"
_KERAS = "import keras\nfrom keras import layers\n\n"
_KERAS_LOGITS = 'model = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(10)])\n'
_CE_DOCS = "PyTorch documentation of nn.CrossEntropyLoss: the input are unnormalised logits"


def _ending(units: int, ending: str) -> str:
    """Return a torch model whose last layer of so many units is followed by ``ending``."""
    return f"{_TORCH}model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, {units}), {ending})\n"


ROWS = (
    Rule(
        "NL101", "softmax-over-one-class", "pairing", Severity.ERROR,
        "A softmax, or a cross-entropy, runs over a single class.",
        "exp(z)/exp(z) = 1 whatever z is: the output is constant 1 (0 for log-softmax), its gradient is exactly zero and nothing "
        "before it can learn. A cross-entropy over one logit is constant 0 for the same reason. It is the most frequent "
        "activation fault of the public collections: 25 of 86 activation-related programs of deepmufl.",
        "Use one sigmoid (logits into BCEWithLogitsLoss), or two outputs with cross-entropy; for regression leave the softmax out.",
        "NeuraLint rule 17 (Nikanjam et al., 2021, doi:10.1145/3470006); deepmufl (Ghanbari et al., ASE 2023)",
        wrong=_ending(1, "nn.Softmax(dim=1)") + "loss = nn.BCELoss()(model(x), y)\n",
        right=_TORCH + _SCALAR + "loss = nn.BCEWithLogitsLoss()(model(x), y)\n",
    ),
    Rule(
        "NL102", "softmax-into-cross-entropy", "pairing", Severity.ERROR,
        "A softmax output is given to a cross-entropy that applies softmax itself.",
        "Softmax of values in [0, 1] can never be near 1: the loss cannot go below ln(1 + (K-1)/e), which is 0.3133 for 2 "
        "classes, 1.4612 for 10 and 3.6222 for 100, and the gradient is about a tenth of the right one at the start.",
        "Give the logits to the loss; apply softmax only where probabilities are read.",
        "NeuraLint rule 15; Lightning-Universe/lightning-bolts#654; " + _CE_DOCS,
        wrong=_ending(10, "nn.Softmax(dim=1)") + _CROSS,
        right=_TORCH + _LOGITS + _CROSS,
    ),
    Rule(
        "NL103", "sigmoid-into-cross-entropy", "pairing", Severity.ERROR,
        "A sigmoid (or another squashed) output is given to a cross-entropy over classes.",
        "Logits confined to [a, b] cannot separate classes: the loss cannot go below ln(1 + (K-1) e^-(b-a)), for a sigmoid and "
        "10 classes 1.4612. In Keras, categorical_crossentropy divides by the sum instead, which is not what a sigmoid learns.",
        "Give the logits to the loss; in Keras use softmax for exclusive classes, or binary_crossentropy for independent labels.",
        "NeuraLint rule 15; deepmufl programs 51930566, 41999686, 55198221; " + _CE_DOCS,
        wrong=_ending(10, "nn.Sigmoid()") + _CROSS,
        right=_TORCH + _LOGITS + _CROSS,
    ),
    Rule(
        "NL104", "relu-into-cross-entropy", "pairing", Severity.WARNING,
        "The logits of a cross-entropy go through a rectifier first.",
        "No class can get a negative logit, and a class whose unit dies stays at 0 for ever: it is never learned again. "
        "A rectifier before a global pooling that makes the logits (SqueezeNet, Network in Network) is a design and not meant.",
        "Remove the activation after the last layer.",
        "NeuraLint rule 20; TheDeepChecker example IPS_11 (Ben Braiek and Khomh, 2023, doi:10.1145/3529318); " + _CE_DOCS,
        wrong=_ending(10, "nn.ReLU()") + _CROSS,
        right=_TORCH + _LOGITS + _CROSS,
    ),
    Rule(
        "NL105", "log-softmax-into-cross-entropy", "pairing", Severity.INFO,
        "A log-softmax output is given to a cross-entropy that applies log-softmax itself.",
        "Log-softmax is idempotent: values and gradients are the same, only time is lost. It is the habit of NLLLoss.",
        "Remove the log-softmax, or use NLLLoss.",
        "Measured: gradients differ by 2e-9; " + _CE_DOCS,
        wrong=_ending(10, "nn.LogSoftmax(dim=1)") + _CROSS,
        right=_ending(10, "nn.LogSoftmax(dim=1)") + "loss = nn.NLLLoss()(model(x), y)\n",
    ),
    Rule(
        "NL106", "activation-into-bce-logits", "pairing", Severity.ERROR,
        "An activation's output is given to a binary cross-entropy that applies sigmoid itself.",
        "Sigmoid of a value in [0, 1] lies in [0.5, 0.731]: the loss cannot go below 0.3133 for positive and 0.6931 = ln 2 for "
        "negative samples, and no negative is ever predicted below one half. A rectifier loses the negative half likewise.",
        "Give the logits to BCEWithLogitsLoss, or use BCELoss after the sigmoid.",
        "PyTorch documentation of nn.BCEWithLogitsLoss; Turoad/lanedet#32",
        wrong=_ending(1, "nn.Sigmoid()") + "loss = nn.BCEWithLogitsLoss()(model(x), y)\n",
        right=_TORCH + _SCALAR + "loss = nn.BCEWithLogitsLoss()(model(x), y)\n",
    ),
    Rule(
        "NL107", "no-probability-into-bce", "pairing", Severity.ERROR,
        "Values that are no probabilities are given to a binary cross-entropy of probabilities.",
        "The loss takes log(p) and log(1-p): outside [0, 1] PyTorch raises an error, and Keras clips to [1e-7, 1 - 1e-7], where "
        "the gradient is zero, so that samples outside are never learned.",
        "Use BCEWithLogitsLoss (Keras: from_logits=True), or end the network with a sigmoid.",
        "NeuraLint rule 8; deepmufl programs 58572274, 69787272, 54282951; PyTorch documentation of nn.BCELoss",
        wrong=_TORCH + _SCALAR + "loss = nn.BCELoss()(model(x), y)\n",
        right=_ending(1, "nn.Sigmoid()") + "loss = nn.BCELoss()(model(x), y)\n",
    ),
    Rule(
        "NL108", "no-log-probability-into-nll", "pairing", Severity.ERROR,
        "Values that are no log-probabilities are given to NLLLoss or KLDivLoss.",
        "NLLLoss is minus the entry of the right class, nothing more. With probabilities it runs to -1 instead of 0 and has "
        "gradients that vanish for samples that are wrong; with logits it falls without bound and says nothing.",
        "End the network with log_softmax, or give the logits to CrossEntropyLoss.",
        "NeuraLint rule 12; TheDeepChecker missing_softmax; PyTorch documentation of nn.NLLLoss",
        wrong=_ending(10, "nn.Softmax(dim=1)") + "loss = nn.NLLLoss()(model(x), y)\n",
        right=_ending(10, "nn.LogSoftmax(dim=1)") + "loss = nn.NLLLoss()(model(x), y)\n",
    ),
    Rule(
        "NL109", "from-logits-mismatch", "pairing", Severity.ERROR,
        "The from_logits of a Keras loss contradicts what the model ends with.",
        "With from_logits=True the loss applies softmax or sigmoid itself, and a model that has applied it cannot go below the "
        "floor of NL102 or NL106; without it, logits are clipped and divided as if they were probabilities.",
        "End with logits and from_logits=True, or with softmax or sigmoid and from_logits=False.",
        "Keras documentation of CategoricalCrossentropy and BinaryCrossentropy; deepmufl program 68101077",
        wrong=_KERAS + _KERAS_LOGITS + 'model.compile("adam", loss="sparse_categorical_crossentropy")\n',
        right=_KERAS + _KERAS_LOGITS
        + 'model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))\n',
    ),
    Rule(
        "NL110", "target-out-of-reach", "data", Severity.ERROR,
        "Targets lie outside the range of the output activation.",
        "The output can never equal them: what lies outside stays as an error for ever, and the units are driven into "
        "saturation. It was the cause of 14 of 45 verified faults, and no look at the network alone can find it.",
        "Leave the output linear, or scale the targets into the range.",
        "DeepDiagnosis (Wardat et al., 2022, doi:10.1145/3510003.3510071); deepmufl programs 48976413, 60574843, 62313327",
        wrong="import torch\n" + _ending(1, "nn.Sigmoid()") + "x = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))\n"
        "batch = (x, 20 * x.sum(1, keepdim=True) + 5)\nloss = nn.MSELoss()\n",
        right="import torch\n" + _TORCH + _SCALAR + "x = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))\n"
        "batch = (x, 20 * x.sum(1, keepdim=True) + 5)\nloss = nn.MSELoss()\n",
    ),
    Rule(
        "NL111", "softmax-for-multi-label", "pairing", Severity.ERROR,
        "Softmax outputs meet a binary cross-entropy, or labels of which several can be true.",
        "Softmax outputs sum to 1: two labels that are both true cannot both come near 1, and the binary loss over K "
        "softmax outputs cannot go to 0 for a row with k != 1 labels.",
        "Use one sigmoid per label (logits into BCEWithLogitsLoss); for exclusive classes give logits to cross-entropy.",
        "NeuraLint rule 15; PyTorch documentation of nn.BCEWithLogitsLoss (multi-label classification)",
        wrong="import torch\n" + _ending(5, "nn.Softmax(dim=1)") + "x = torch.randn(64, 8)\n"
        "batch = (x, torch.tensor([[1.0, 1.0, 0.0, 0.0, 1.0]]).repeat(64, 1))\nloss = nn.BCELoss()\n",
        right="import torch\n" + _ending(5, "nn.Sigmoid()") + "x = torch.randn(64, 8)\n"
        "batch = (x, torch.tensor([[1.0, 1.0, 0.0, 0.0, 1.0]]).repeat(64, 1))\nloss = nn.BCELoss()\n",
    ),
    Rule(
        "NL112", "one-sigmoid-for-classes", "data", Severity.ERROR,
        "One sigmoid unit is trained on labels of more than two classes.",
        "A binary cross-entropy needs targets in [0, 1]; with a label of 2 or more it is negative and falls without bound, "
        "and one number cannot tell apart classes that have no order.",
        "Use K logits with cross-entropy.",
        "deepmufl program 41596619; PyTorch documentation of nn.BCELoss (targets between 0 and 1)",
        wrong="import torch\n" + _TORCH + _SCALAR + "x = torch.randn(64, 8)\nbatch = (x, torch.arange(64).remainder(4)[:, None].float())\n"
        "loss = nn.BCEWithLogitsLoss()\n",
        right="import torch\n" + _TORCH + _SCALAR.replace("16, 1)", "16, 4)")
        + "x = torch.randn(64, 8)\nbatch = (x, torch.arange(64).remainder(4))\nloss = nn.CrossEntropyLoss()\n",
    ),
    Rule(
        "NL113", "softmax-dim", "pairing", Severity.ERROR,
        "A softmax runs over the batch, or its axis is left to an old guess.",
        "Over axis 0 of (batch, classes) the samples of a batch compete: each column sums to 1, the rows do not, and the result "
        "for one sample depends on the others. Without dim PyTorch guesses 0 for 0-, 1- and 3-dimensional input.",
        "Write dim=-1, or dim=1 for (batch, classes, ...).",
        "PyTorch documentation of nn.functional.softmax (implicit dim is deprecated); MicrosoftDocs/pytorchfundamentals#4",
        wrong=_ending(10, "nn.Softmax(dim=0)") + "loss = nn.MSELoss()(model(x), y)\n",
        right=_ending(10, "nn.Softmax(dim=-1)") + "loss = nn.MSELoss()(model(x), y)\n",
    ),
    Rule(
        "NL114", "bounded-critic", "pairing", Severity.WARNING,
        "A critic that estimates the Wasserstein distance ends with a bounded activation.",
        "The critic must be any 1-Lipschitz function; a sigmoid confines its difference to (-1, 1) and saturates, and the "
        "estimate is no distance any more.",
        "Remove the activation at the end of the critic.",
        "Arjovsky et al. 2017, arXiv:1701.07875; ozanciga/gans-with-pytorch#2; guyuchao/Vessel-wgan-pytorch#2",
        wrong=_TORCH + "critic = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())\n"
        "loss = critic(fake).mean() - critic(real).mean()\n",
        right=_TORCH + "critic = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))\n"
        "loss = critic(fake).mean() - critic(real).mean()\n",
    ),
    Rule(
        "NL115", "log-of-softmax-by-hand", "pairing", Severity.WARNING,
        "The logarithm of a softmax or sigmoid is taken by hand.",
        "In float32 softmax rounds to exactly 0 below exp(-104): the logarithm is -inf and its gradient NaN, from a logit "
        "difference of 104 on; float16 reaches it at 18.",
        "Use log_softmax, logsigmoid, or a loss that takes logits.",
        "TheDeepChecker example IPS_14; PyTorch documentation of nn.functional.log_softmax",
        wrong=_TORCH + "import torch\n\n" + _LOGITS + "loss = nn.NLLLoss()(torch.log(torch.softmax(model(x), dim=1)), y)\n",
        right=_TORCH + "import torch\n\n" + _LOGITS + "loss = nn.NLLLoss()(torch.log_softmax(model(x), dim=1), y)\n",
    ),
)  # fmt: skip
