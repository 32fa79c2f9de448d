"""What goes wrong in training because of activations, how to see that it is that, and what to do, the surest remedy first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cure:
    """One thing to do; ``function`` is what to put in, as ``nonlin.get`` takes it, or empty."""

    do: str
    why: str
    sources: str = ""
    function: str = ""


@dataclass(frozen=True)
class Problem:
    """A row: a symptom in the words a person has for it. Texts may hold places that are filled with computed numbers."""

    id: str
    also: tuple[str, ...]
    """Other words for it."""
    what: str
    why: str
    look: str
    """How to see whether it is this."""
    cures: tuple[Cure, ...]
    rules: tuple[str, ...]
    """The rules of lint and watch that see it, or its cause."""
    note: str = ""


_C = Cure
_LR = _C("lower the learning rate, or warm it up", "steps that are too long throw weights to where no sample turns the unit on, or over the "
         "other side of the valley", "goodfellow2016")  # fmt: skip
_CLIP = _C(
    "clip the gradient norm at a few times its median", "one long step can undo all learning before it", "pascanu2013"
)
_INIT = _C(
    "initialise for the function: nonlin.nn.init_(model)",
    "each layer then keeps the size of its signal",
    "he2015 glorot2010",
)
_NORM = _C("put a normalisation before the activation, or add skip connections", "the function then works around 0, where its slope is large",
           "ioffe2015 he2016")  # fmt: skip
_PAIR = _C("check the loss and what it gets: nonlin lint", "a loss that gets values of the wrong range has a floor it cannot fall below",
           "pytorch_docs")  # fmt: skip

PROBLEMS_ROWS = (
    Problem(
        "dying-relu", ("dead-relu", "dead-units", "dying", "dead"),
        "Many units are 0 for every input and stay so.",
        "Where a ReLU's input is negative for all samples its gradient is exactly 0, so that nothing moves it back: usually after "
        "a step that was too long, or at the start of a deep and narrow network.",
        "nonlin.watch(model, data=...) counts units that never fire; a share of zeros alone is no fault, half are usual.",
        (_LR,
         _C("take a function with a slope below 0", "the gradient there is small but never 0, so that units come back", "maas2013 xu2015",
            "leaky_relu"),
         _C("learn that slope", "where data are many", "he2015", "prelu"),
         _C("take a smooth function",
            "it has a gradient for {gradient_availability:gelu} of normal inputs, ReLU for {gradient_availability:relu}",
            "hendrycks2016", "gelu"),
         _C("take ELU", "its negative side has a slope, and its mean is nearer 0", "clevert2016", "elu"),
         _INIT,
         _C("normalise before the activation", "half of all inputs are then above 0", "ioffe2015")),
        ("NW101", "NW114"),
        "Xavier's weights, which some texts recommend against it, change nothing: with zero biases the sign of a ReLU's input does not depend "
        "on the scale of the weights. What helps at the start is width, and biases or weights that are not symmetric (Lu et al. 2020)."),
    Problem(
        "vanishing", ("vanishing-gradient", "vanishing-gradients"),
        "The first layers hardly change; the loss falls slowly or not at all.",
        "Each layer multiplies the gradient by slopes and weights. Sigmoid's slope is at most {lipschitz:sigmoid} and falls to "
        "{slope:sigmoid@4} at 4; tanh's is {slope:tanh@2} at 2.",
        "nonlin depth sigmoid --layers 20 draws it; in training, nonlin.watch tells the gradient of each layer.",
        (_C("take ReLU or GELU in hidden layers", "their slope is 1, or comes near it, on one side", "glorot2011", "relu"), _INIT, _NORM,
         _C("in recurrent networks, take LSTM or GRU", "their cell adds rather than multiplies", "hochreiter1997")),
        ("NW103", "NW107", "NW102", "NL207", "NL301")),
    Problem(
        "exploding", ("exploding-gradient", "exploding-gradients"),
        "The gradient norm jumps, the loss with it, and may end in NaN.",
        "The product over layers grows. It is the weights that make it grow: no common function has a slope far above 1 (ReLU "
        "{lipschitz:relu}, GELU {lipschitz:gelu}, sigmoid {lipschitz:sigmoid}).",
        "nonlin.watch compares each gradient norm with its running median; nonlin depth NAME draws it by depth.",
        (_CLIP, _LR, _INIT, _NORM,
         _C("in recurrent networks, orthogonal weights and a bounded function", "the same matrix acts at every step", "saxe2014 pascanu2013",
            "tanh")),
        ("NW104", "NW105", "NW113", "NW116", "NL301", "NL214"),
        "Changing to a smooth function does not cure it: smoothness bounds how fast slopes change, not the product of the weights."),
    Problem(
        "not-converging", ("no-convergence", "not-learning", "no-progress"),
        "The loss does not fall.",
        "Most often the output and the loss do not fit, or the learning rate is off; sigmoid or tanh in many hidden layers is one cause of "
        "several.",
        "nonlin diagnose tries the causes one by one; one batch alone must be learnt by heart.",
        (_PAIR, _LR,
         _C("take ReLU or GELU instead of sigmoid or tanh in hidden layers", "saturated layers pass no gradient", "glorot2010 glorot2011",
            "relu"), _INIT, _NORM),
        ("NW108", "NW103", "NW106", "NW110", "NL102", "NL106", "NL207", "NL401", "NL402"),
        "If the network is shallow and normalised, changing the function is not the cure."),
    Problem(
        "loss-oscillates", ("oscillating-loss", "oscillation", "unstable-loss"),
        "The loss swings, and the swing grows.",
        "Steps are longer than the valley is wide: the learning rate times the curvature is too large.",
        "nonlin.watch measures the swing over windows of 50 steps.",
        (_LR, _CLIP,
         _C("raise the batch size", "gradients then carry less noise", "goodfellow2016"),
         _C("normalise", "it smooths the loss: gradients change less along a step", "santurkar2018"),
         _C("try a smooth function", "slopes then change without jumps", "elfwing2018 shamir2022", "gelu")),
        ("NW112", "NW104", "NW113", "NL401"),
        "Smooth functions are the remedy that texts name first; evidence for it is thin: they make two trainings agree more (Shamir and Lin "
        "2022), which is something else. Take the learning rate first."),
    Problem(
        "accuracy-oscillates", ("oscillating-accuracy",),
        "Accuracy jumps from epoch to epoch while the loss falls.",
        "A small validation set, a learning rate too high for the end of training, or running statistics that lag behind. Outputs that are "
        "not centred slow training down, but hardly make it jump.",
        "The standard error of accuracy p over n samples is sqrt(p (1-p)/n): 1.4 points for 90 % and 441 samples.",
        (_C("lower the learning rate towards the end", "steps then end in the valley", "goodfellow2016"),
         _C("measure on more samples, or average the weights", "most of the jumps are those of the measurement", "goodfellow2016"),
         _C("centre the outputs: tanh, SELU, or a normalisation",
            "ReLU's zero-centredness is {zero_centredness:relu}, ELU's {zero_centredness:elu}, tanh's {zero_centredness:tanh}",
            "lecun1998 clevert2016", "elu")),
        ("NW112", "NW115", "NW111"),
        "Zero-centred functions are the remedy that texts name; what is shown for them is faster convergence, not less jumping."),
    Problem(
        "off-centre", ("not-zero-centred",),
        "Outputs of hidden layers have a mean far from 0, and training is slow.",
        "The next layer's weights then get gradients of one sign together, and must zigzag. Sigmoid's zero-centredness is "
        "{zero_centredness:sigmoid}, ReLU's {zero_centredness:relu}, tanh's {zero_centredness:tanh}.",
        "nonlin table --columns zero_centredness sigmoid relu elu tanh; nonlin.watch tells mean over spread of each layer.",
        (_NORM,
         _C("take ELU or SELU", "their negative side pulls the mean to 0", "clevert2016 klambauer2017", "elu"),
         _C("take tanh in a shallow network", "it is odd", "lecun1998", "tanh")),
        ("NW115",)),
    Problem(
        "saturated", ("saturation",),
        "A layer works where its function is flat.",
        "Inputs or weights are too large: tanh has a slope of {slope:tanh@2} at 2, of {slope:tanh@4} at 4, and what is left of it is lost in "
        "rounding {saturates:tanh}.",
        "nonlin.watch tells the share of inputs where the slope is under 5 % of its largest.",
        (_C("scale the inputs to about unit variance", "initialisations assume it", "lecun1998"), _INIT, _NORM,
         _C("take a function that is not flat", "on one side at least", "glorot2011", "relu")),
        ("NW102", "NL402", "NL305")),
    Problem(
        "not-finite", ("nan", "inf", "overflow"),
        "A number is NaN or infinite.",
        "A logarithm of a probability that rounded to 0, an exponential of a large number, or weights that ran away.",
        "nonlin.watch names the first layer and step; nonlin lint finds the logarithm of a softmax.",
        (_C("give the loss logits", "it has a stable form of sigmoid and softmax in it", "pytorch_docs"), _LR, _CLIP),
        ("NW105", "NL107", "NL401")),
    Problem(
        "loss-stuck", ("loss-on-floor", "floor"),
        "The loss falls a little and then stands at a number such as 1.4612.",
        "A loss of logits gets values of a bounded range. With softmax or sigmoid before a cross-entropy of 10 classes it cannot go below "
        "{floor:sigmoid@10}; with tanh, {floor:tanh@10}.",
        "nonlin lint finds it before training, nonlin.watch by the number.",
        (_C("remove the activation after the last layer", "the loss applies it itself", "pytorch_docs", "identity"),),
        ("NW110", "NL102", "NL103", "NL106")),
    Problem(
        "growing-signals", ("signal-growth", "amplitude"),
        "Outputs grow from layer to layer.",
        "ReLU does not squash, but cannot grow either: |relu(a) - relu(b)| <= {lipschitz:relu} |a - b|. Weights make signals grow: with gain "
        "above {gain:relu}, each ReLU layer multiplies them.",
        "nonlin depth relu --layers 50; nonlin.watch tells the scale of each layer.",
        (_INIT, _NORM, _C("take SELU in fully connected layers", "its scale returns to 1 by itself", "klambauer2017", "selu")),
        ("NW116", "NL301"),
        "Texts that blame ReLU's missing upper bound blame the wrong part."),
    Problem(
        "linear-network", ("linear-collapse", "no-activation"),
        "More layers do not help: the network is no better than a linear model.",
        "Layers without an activation between them are one linear layer, however many.",
        "nonlin lint multiplies them.",
        (_C("put an activation between the layers", "then the product cannot be collapsed", "goodfellow2016", "relu"),),
        ("NL201", "NL202")),
    Problem(
        "too-slow", ("cost", "slow"),
        "Activations take a noticeable share of the time.",
        "Exponentials cost more than comparisons (GELU: {flops:gelu}; ReLU: {flops:relu}), and each activation that is not fused reads and "
        "writes its tensor once.",
        "nonlin bench NAME measures it here, beside PyTorch and beside a copy of memory.",
        (_C("fuse it: torch.compile", "the trip through memory is most of the cost", "pytorch_docs"),
         _C("take hard swish instead of SiLU", "{flops:hard_swish}, and no exponential", "howard2019", "hard_swish"),
         _C("take ReLU", "{flops:relu} for a number", "glorot2011", "relu")),
        ()),
)  # fmt: skip
