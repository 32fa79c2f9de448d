"""NL3xx: initial weights. NL4xx: learning rate and data. NL9xx: what could not be read."""

from __future__ import annotations

from nonlin.findings import Rule, Severity

_HEAD = "import torch\nfrom torch import nn\n\ntorch.manual_seed(0)\n"
_DEEP = "model = nn.Sequential(nn.Linear(64, 64), *(m for _ in range(20) for m in (nn.ReLU(), nn.Linear(64, 64))))\n"
_SELU = "model = nn.Sequential(*(m for _ in range(6) for m in (nn.Linear(64, 64), nn.SELU())), nn.Linear(64, 1))\n"
_BATCH = "batch = (torch.randn(128, 64), torch.randn(128, 1))\nloss = nn.MSELoss()\n"
_SIREN = (
    "import math\n" + _HEAD + "\n\nclass Sine(nn.Module):\n    def forward(self, x):\n        return torch.sin(30 * x)\n\n\n"
    "model = nn.Sequential(nn.Linear(2, 64), Sine(), nn.Linear(64, 64), Sine(), nn.Linear(64, 1))\n"
)
_COORDINATES = "batch = (torch.rand(128, 2) * 2 - 1, torch.rand(128, 1))\nloss = nn.MSELoss()\n"
_SMALL = "model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))\n"
_LOOP = "optimizer = torch.optim.{}\nloss = nn.CrossEntropyLoss()(model(x), y)\nloss.backward()\noptimizer.step()\n"


def _each(action: str, only: str = "nn.Linear") -> str:
    return f"for m in model.modules():\n    if isinstance(m, {only}):\n        {action}\n"


ROWS = (
    Rule(
        "NL301", "depth-gain", "initialisation", Severity.WARNING,
        "The initial weights shrink or blow up the signal from layer to layer.",
        "Each layer multiplies the scale by sqrt(fan_in Var(w) k), k from the Gaussian moments of the function before it. "
        "Outside [1e-2, 1e2] over the whole depth, with no normalisation or skip to rescue it, the far end gets no "
        "signal, or one that overflows. The product predicted the measured decay within a factor of 3 in 12 of 14 nets.",
        "Initialise for the activation: He for rectifiers, LeCun for SELU, gain 5/3 for tanh; or normalise.",
        "He et al. 2015, arXiv:1502.01852; Poole et al. 2016, arXiv:1606.05340",
        wrong=_HEAD + _DEEP + _each("nn.init.normal_(m.weight, std=0.02)") + _BATCH,
        right=_HEAD + _DEEP + _each('nn.init.kaiming_normal_(m.weight, nonlinearity="relu")') + _BATCH,
    ),
    Rule(
        "NL302", "constant-layer", "initialisation", Severity.ERROR,
        "All weights of a layer, or of several layers in a row, are one number.",
        "Units with equal weights compute the same and get the same gradient: they stay copies for ever. Two zero "
        "layers in a row have gradient zero. One zero head, a zero gamma or LayerScale is right and not reported.",
        "Initialise with random numbers (He, Glorot).",
        "NeuraLint rule 4; TheDeepChecker; Goodfellow et al. 2016, Deep Learning, section 8.4",
        wrong=_HEAD + _SMALL + _each("nn.init.constant_(m.weight, 0.1)") + "batch = (torch.randn(128, 64), torch.arange(128) % 10)\n"
        "loss = nn.CrossEntropyLoss()\n",
        right=_HEAD + _SMALL + _each("nn.init.xavier_uniform_(m.weight)") + "batch = (torch.randn(128, 64), torch.arange(128) % 10)\n"
        "loss = nn.CrossEntropyLoss()\n",
    ),
    Rule(
        "NL303", "selu-kit", "initialisation", Severity.WARNING,
        "SELU is used without what makes it self-normalising.",
        "Mean 0 and variance 1 are a fixed point only for weights of variance 1/fan_in (LeCun normal), AlphaDropout instead of "
        "Dropout, and no batch normalisation.",
        'Initialise with kaiming_normal_(w, nonlinearity="linear"), use AlphaDropout, leave batch normalisation out.',
        "Klambauer et al. 2017, arXiv:1706.02515; PyTorch documentation of nn.SELU; pytorch/pytorch#24991",
        wrong=_HEAD + _SELU + _each("nn.init.normal_(m.weight, std=0.5)") + _BATCH,
        right=_HEAD + _SELU + _each('nn.init.kaiming_normal_(m.weight, nonlinearity="linear")') + _BATCH,
    ),
    Rule(
        "NL304", "siren-init", "initialisation", Severity.WARNING,
        "Sine layers are not initialised as SIREN needs.",
        "With sin(30 x) the weights must be uniform in +-sqrt(6/fan_in)/30 (first layer +-1/fan_in): with the usual ones each "
        "layer's phase runs through many periods and the gradient is noise.",
        "Initialise the hidden layers with uniform_(-sqrt(6/n)/omega, sqrt(6/n)/omega).",
        "Sitzmann et al. 2020, arXiv:2006.09661, section 3.2",
        wrong=_SIREN + _COORDINATES,
        right=_SIREN + "nn.init.uniform_(model[0].weight, -1 / 2, 1 / 2)\nfor m in (model[2], model[4]):\n"
        "    bound = math.sqrt(6 / 64) / 30\n    nn.init.uniform_(m.weight, -bound, bound)\n" + _COORDINATES,
    ),
    Rule(
        "NL305", "layer-scale-of-weights", "initialisation", Severity.INFO,
        "The weights of one layer are more than 8 times wider or narrower than its activation asks for.",
        "Normalisation, skip connections and other layers may make up for it, and 31 of 33 good ResNets fail a stricter test: "
        "this is information, not a fault.",
        "Compare with He or Glorot initialisation if training is slow.",
        "TheDeepChecker (F-test of the variance); SageMaker Debugger PoorWeightInitialization",
        wrong=_HEAD + _SMALL + "nn.init.normal_(model[0].weight, std=3.0)\nbatch = (torch.randn(128, 64), torch.arange(128) % 10)\n"
        "loss = nn.CrossEntropyLoss()\n",
        right=_HEAD + _SMALL + "batch = (torch.randn(128, 64), torch.arange(128) % 10)\nloss = nn.CrossEntropyLoss()\n",
    ),
    Rule(
        "NL401", "learning-rate-range", "optimisation", Severity.WARNING,
        "The learning rate is far outside what works for its optimiser.",
        "Adam moves every weight by about the learning rate at each step: from 0.1 on, weights of usual size are overwritten "
        "within a few steps. Below 1e-7 nothing moves in any practical time.",
        "Start from 1e-3 for Adam and 0.1 or less for SGD, and search by factors of 3.",
        "Bengio 2012, arXiv:1206.5533, section 3.1.1; UMLAUT; DeepLocalize program 48934338",
        wrong=_HEAD + _SMALL + _LOOP.format("Adam(model.parameters(), lr=3.0)"),
        right=_HEAD + _SMALL + _LOOP.format("Adam(model.parameters(), lr=1e-3)"),
    ),
    Rule(
        "NL402", "input-scale", "data", Severity.WARNING,
        "The inputs are far from zero mean and unit scale, and nothing normalises them.",
        "Initialisations assume inputs of about unit scale: at 0 to 255 the first pre-activations are hundreds of times too "
        "large, saturating functions stand at their limits and a usual learning rate diverges.",
        "Standardise the inputs, or divide pixels by 255.",
        "LeCun et al. 1998, Efficient BackProp, section 4.3; DeepLocalize program 31627380",
        wrong=_HEAD + _SMALL + "batch = (torch.rand(128, 64) * 60000, torch.arange(128) % 10)\nloss = nn.CrossEntropyLoss()\n",
        right=_HEAD + _SMALL + "batch = (torch.rand(128, 64), torch.arange(128) % 10)\nloss = nn.CrossEntropyLoss()\n",
    ),
    Rule(
        "NL403", "label-format", "data", Severity.ERROR,
        "The labels have another format than the loss reads.",
        "Class indices and one-hot rows are read differently: the program stops, or compares shapes that broadcast silently, such "
        "as (batch, 1) against (batch,), where every prediction is compared with every target.",
        "Give class indices (batch,) to cross-entropy, and targets of the shape of the output to the other losses.",
        "deepmufl program 62055783; PyTorch documentation of nn.CrossEntropyLoss and nn.MSELoss",
        wrong=_HEAD + _SMALL.replace("64, 10)", "64, 1)") + "batch = (torch.randn(128, 64), torch.randn(128))\nloss = nn.MSELoss()\n",
        right=_HEAD + _SMALL.replace("64, 10)", "64, 1)") + "batch = (torch.randn(128, 64), torch.randn(128, 1))\nloss = nn.MSELoss()\n",
    ),
    Rule(
        "NL901", "unreadable-file", "structure", Severity.INFO,
        "A file could not be read as text.",
        "It is missing, too large, binary, or in an unknown encoding; nothing is said about it.",
        "Give Python files or notebooks in UTF-8.",
        "Python documentation of tokenize.open",
        wrong="\x00\x01\x02 not a program",
        right="from torch import nn\n",
    ),
    Rule(
        "NL902", "syntax-error", "structure", Severity.INFO,
        "A file is no Python 3 program.",
        "It has a syntax error or is written for Python 2; nothing is said about it.",
        "Correct it, or convert it with 2to3.",
        "Python documentation of ast.parse",
        wrong='print "epoch", epoch\n',
        right='print("epoch", epoch)\n',
    ),
    Rule(
        "NL903", "not-traced", "structure", Severity.INFO,
        "A part of the model could not be followed.",
        "What depends on it is not judged: a wrong diagnosis is worse than none.",
        "Give a batch and the loss to the model reader, which runs the model once.",
        "PyTorch documentation of torch.fx (limitations of symbolic tracing)",
        wrong="from torch import nn\n\nmodel = nn.Sequential(*layers_from_elsewhere())\nloss = nn.CrossEntropyLoss()(model(x), y)\n",
        right="from torch import nn\n\nmodel = nn.Sequential(nn.Linear(8, 10))\nloss = nn.CrossEntropyLoss()(model(x), y)\n",
    ),
)  # fmt: skip
