"""NL2xx: layers in an order, or shared in a way, that does something else than it seems to."""

from __future__ import annotations

from nonlin.findings import Rule, Severity

_TORCH = "from torch import nn\n\n"
_MSE = "loss = nn.MSELoss()(model(x), y)\n"


def _model(*layers: str) -> str:
    return f"{_TORCH}model = nn.Sequential({', '.join(layers)})\n"


def _stack(activation: str) -> str:
    """Return a model of four hidden layers, one a line."""
    lines = "".join(f"    nn.Linear({16 if i else 8}, 16), {activation},\n" for i in range(4))
    return f"{_TORCH}model = nn.Sequential(\n{lines}    nn.Linear(16, 1),\n)\n"


def _module(made: str, body: str) -> str:
    """Return a program with one module: what its constructor makes and what its forward does."""
    lines = "".join(f"        {line}\n" for line in made.splitlines())
    does = "".join(f"        {line}\n" for line in body.splitlines())
    return (
        f"import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{lines}\n"
        f"    def forward(self, x):\n{does}\n\nmodel = Net()\n"
    )


_TWO = "self.a = nn.Linear(8, 16)\nself.b = nn.Linear(16, 8)\nself.c = nn.Linear(8, 1)"

ROWS = (
    Rule(
        "NL201", "affine-after-affine", "structure", Severity.WARNING,
        "Two affine layers follow each other with nothing nonlinear between them.",
        "Their product is one affine layer: the parameters of the second add nothing the first could not do. Grouped and "
        "depthwise convolutions, bottlenecks narrower than both sides, attention products and LoRA are meant so and exempt.",
        "Put an activation between them, or merge them.",
        "NeuraLint rule 9; UMLAUT (Schoop et al., 2021, doi:10.1145/3411764.3445538); deepmufl programs 48385830, 61274792",
        wrong=_model("nn.Linear(8, 16)", "nn.Linear(16, 16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.Linear(16, 16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL202", "affine-network", "structure", Severity.ERROR,
        "The whole network is affine: it has several layers and no nonlinearity at all.",
        "However many layers, it is one affine map, and can do no more than linear or logistic regression.",
        "Put an activation after each hidden layer, or keep a single layer.",
        "NeuraLint rule 9; deepmufl programs 56888491, 62957334, 54282951",
        wrong=_model("nn.Linear(8, 16)", "nn.Linear(16, 16)", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.Linear(16, 16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL203", "hidden-softmax", "activation", Severity.WARNING,
        "A softmax is used as the activation of a hidden layer.",
        "Its n outputs sum to 1, so each is about 1/n and they compete: the next layer sees almost nothing, and gradients shrink "
        "by about n. As weights of a sum (attention, mixtures, gates) a softmax is right and not reported.",
        "Use ReLU, GELU or SiLU in hidden layers.",
        "TheDeepChecker wrong_activation; Goodfellow et al. 2016, Deep Learning, section 6.2.2.3",
        wrong=_model("nn.Linear(8, 64)", "nn.Softmax(dim=-1)", "nn.Linear(64, 1)") + _MSE,
        right=_model("nn.Linear(8, 64)", "nn.ReLU()", "nn.Linear(64, 1)") + _MSE,
    ),
    Rule(
        "NL204", "double-activation", "activation", Severity.WARNING,
        "Two activations follow each other with nothing between them.",
        "The second sees only the range of the first: sigmoid after ReLU never goes below one half, ReLU after sigmoid does "
        "nothing. Repeating one that changes nothing (ReLU of ReLU) is information only.",
        "Keep one of them.",
        "NeuraLint rule 3",
        wrong=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.Tanh()", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16)", "nn.Tanh()", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL205", "inplace-hazard", "structure", Severity.ERROR,
        "An in-place activation overwrites a tensor that something else still reads.",
        "A skip connection silently adds the activated values instead of the original ones, or backward stops with 'one of the "
        "variables needed for gradient computation has been modified by an inplace operation'.",
        "Leave inplace out, or apply the activation to a copy.",
        "rosinality/vq-vae-2-pytorch#60; pytorch/pytorch#5687",
        wrong=_module("self.a = nn.Linear(8, 8)\nself.relu = nn.ReLU(inplace=True)\nself.b = nn.Linear(8, 8)",
                      "h = self.a(x)\nreturn h + self.b(self.relu(h))") + _MSE,
        right=_module("self.a = nn.Linear(8, 8)\nself.relu = nn.ReLU()\nself.b = nn.Linear(8, 8)",
                      "h = self.a(x)\nreturn h + self.b(self.relu(h))") + _MSE,
    ),
    Rule(
        "NL206", "shared-learnable-activation", "activation", Severity.WARNING,
        "One activation object with learnable parameters is called in several places.",
        "All these layers then share one slope, and the object counts once in model.parameters(). One ReLU object used "
        "everywhere has no parameters and is harmless.",
        "Make one activation object per layer.",
        "PyTorch documentation of nn.PReLU (one weight, shared by all channels, unless told otherwise)",
        wrong=_module(_TWO + "\nself.act = nn.PReLU()", "return self.c(self.act(self.b(self.act(self.a(x)))))") + _MSE,
        right=_module(_TWO + "\nself.act1 = nn.PReLU()\nself.act2 = nn.PReLU()",
                      "return self.c(self.act2(self.b(self.act1(self.a(x)))))") + _MSE,
    ),
    Rule(
        "NL207", "deep-saturating-stack", "activation", Severity.WARNING,
        "Many saturating activations follow each other without normalisation or skip connection.",
        "The slope of sigmoid is at most 1/4 and of tanh below 1 off zero: through L layers the gradient shrinks geometrically, "
        "for four sigmoids by 256 at best. Gates of SE, GLU, LSTM and mixtures multiply and are no members of the stack.",
        "Use ReLU, GELU or SiLU with He initialisation, or put normalisation or skip connections between.",
        "Glorot and Bengio 2010 (AISTATS); deepmufl programs 57407973, 61234347, 58043002",
        wrong=_stack("nn.Sigmoid()") + _MSE,
        right=_stack("nn.ReLU()") + _MSE,
    ),
    Rule(
        "NL208", "activation-before-norm", "normalisation", Severity.INFO,
        "A normalisation follows the activation instead of preceding it.",
        "Both orders train; the usual one normalises what the activation gets, and after ReLU the normalised values are skewed.",
        "Convolution or linear layer, then normalisation, then activation, unless measured otherwise.",
        "Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2; NeuraLint rule 5",
        wrong=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.BatchNorm1d(16)", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16, bias=False)", "nn.BatchNorm1d(16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL209", "dropout-before-norm", "normalisation", Severity.WARNING,
        "Dropout stands right before a batch normalisation.",
        "Dropout changes the variance in training but not in evaluation, so the running variance that batch normalisation keeps "
        "is wrong in evaluation.",
        "Put dropout after the last batch normalisation.",
        "Li et al. 2019, CVPR, arXiv:1801.05134; NeuraLint rule 6",
        wrong=_model("nn.Linear(8, 16)", "nn.Dropout(0.5)", "nn.BatchNorm1d(16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16, bias=False)", "nn.BatchNorm1d(16)", "nn.ReLU()", "nn.Dropout(0.5)", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL210", "dropout-on-logits", "structure", Severity.WARNING,
        "Dropout is applied to what the loss gets.",
        "Logits or predictions are set to zero at random and the rest scaled up: the loss of a zeroed target logit is noise, "
        "and a regression is told wrong values.",
        "Put dropout before the last layer.",
        "NeuraLint rule 6; Srivastava et al. 2014 (JMLR 15), section 4: units of input and hidden layers are dropped",
        wrong=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.Linear(16, 10)", "nn.Dropout(0.5)")
        + "loss = nn.CrossEntropyLoss()(model(x), y)\n",
        right=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.Dropout(0.5)", "nn.Linear(16, 10)")
        + "loss = nn.CrossEntropyLoss()(model(x), y)\n",
    ),
    Rule(
        "NL211", "bias-before-norm", "normalisation", Severity.INFO,
        "A layer with a bias is followed by a batch normalisation.",
        "Batch normalisation subtracts the mean of each channel, and with it the bias: the parameter gets no gradient.",
        "Write bias=False.",
        "Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2",
        wrong=_model("nn.Linear(8, 16)", "nn.BatchNorm1d(16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16, bias=False)", "nn.BatchNorm1d(16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL212", "class-not-instance", "structure", Severity.ERROR,
        "An activation class stands where an object of it is meant.",
        "nn.ReLU(h) with a class makes a new module from a tensor instead of activating it, and nn.Sequential refuses a class: "
        "the program stops, or worse goes on with a module where a tensor is meant.",
        "Write nn.ReLU() with parentheses.",
        "PyTorch documentation of nn.Sequential and nn.ReLU",
        wrong=_model("nn.Linear(8, 16)", "nn.ReLU", "nn.Linear(16, 1)") + _MSE,
        right=_model("nn.Linear(8, 16)", "nn.ReLU()", "nn.Linear(16, 1)") + _MSE,
    ),
    Rule(
        "NL213", "tensor-into-constructor", "structure", Severity.ERROR,
        "A tensor is given to the constructor of an activation module.",
        "nn.ReLU(h) makes a module whose inplace setting is the tensor; the tensor itself is not activated.",
        "Write nn.ReLU()(h), or F.relu(h).",
        "PyTorch documentation of nn.ReLU (the argument is inplace)",
        wrong=_module(_TWO, "h = nn.ReLU(self.a(x))\nreturn self.c(self.b(h))") + _MSE,
        right=_module(_TWO, "h = torch.relu(self.a(x))\nreturn self.c(torch.relu(self.b(h)))") + _MSE,
    ),
    Rule(
        "NL214", "relu-in-recurrent", "activation", Severity.WARNING,
        "A recurrent layer uses ReLU as its activation.",
        "The same matrix is applied at every step and nothing bounds the state: it explodes or dies over long sequences unless the "
        "recurrent matrix starts as the identity.",
        "Use tanh, or initialise the recurrent matrix with the identity and clip gradients.",
        "Le et al. 2015, arXiv:1504.00941; deepmufl programs 57516678, 61997645",
        wrong=_module("self.rnn = nn.RNN(8, 16, nonlinearity='relu')\nself.head = nn.Linear(16, 1)",
                      "h, _ = self.rnn(x)\nreturn self.head(h[:, -1])") + _MSE,
        right=_module("self.rnn = nn.RNN(8, 16)\nself.head = nn.Linear(16, 1)", "h, _ = self.rnn(x)\nreturn self.head(h[:, -1])") + _MSE,
    ),
)  # fmt: skip
