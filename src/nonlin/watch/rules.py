"""The alerts as rows: what each says, and the line a number must cross, for how many samples, before it is raised.

Lines come from published tools where those were found to hold on models known to be right, and are stricter where they were not:
each row says whose it is. Severity is that at most; a symptom in a training that makes progress is only information.
"""

from __future__ import annotations

from dataclasses import dataclass

from nonlin.findings import Rule, Severity

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

_SMD = "SageMaker Debugger, built-in rules (docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html)"
_TDC = "TheDeepChecker (Ben Braiek and Khomh, TOSEM 2022), settings"
_AUTO = "AutoTrainer (Zhang et al., ICSE 2021), utils.py"

_ROWS = (
    Rule("NW101", "dead-units", "activation", ERROR,
         "Most units of a layer were never on.",
         "A ReLU that is never on passes no gradient, so its weights cannot change any more; the layer is as narrow as what is "
         "left. Small layers can be mostly dead and still be right, so this counts only while the loss does not fall.",
         "Lower the learning rate or clip gradients; initialise again; or take a function with a slope below 0 (Leaky ReLU, GELU).",
         f"{_SMD}: DeadRelu; {_TDC}; {_AUTO}"),
    Rule("NW102", "saturated-layer", "activation", WARNING,
         "A layer works where its function is flat.",
         "Where the slope is under 5 % of its largest, almost no gradient passes: learning stops below that layer.",
         "Scale the inputs, initialise with smaller weights, put a normalisation before it, or take a function that is not flat.",
         f"{_TDC}: saturation; {_SMD}: SaturatedActivation"),
    Rule("NW103", "vanishing-gradient", "initialisation", ERROR,
         "The gradient of the first layer is a thousandth of the last one's, and tiny.",
         "The first layers cannot learn: what reaches them has been multiplied with small slopes and weights at every layer.",
         "Initialise for the activation (nonlin.nn.init_), take ReLU or GELU instead of sigmoid, add normalisation or skips.",
         f"{_AUTO}: beta_1, beta_2; Glorot and Bengio, AISTATS 2010"),
    Rule("NW104", "exploding-gradient", "optimisation", WARNING,
         "The gradient norm jumped far over its own median.",
         "One such step can undo all learning before it.",
         "Clip the gradient norm at a few times its median, or lower the learning rate.",
         "gradsnitch 0.1.0: 8 times the rolling median of 50; Pascanu et al., ICML 2013"),
    Rule("NW105", "not-finite", "optimisation", ERROR,
         "A number is NaN or infinite.",
         "Everything computed from it is NaN, and after one optimiser step all weights are.",
         "Look at the first layer and step named here: a division, log or exp of an extreme value, or a learning rate too high.",
         f"DeepLocalize (Wardat et al., ICSE 2021); {_SMD}: ExplodingTensor"),
    Rule("NW106", "constant-output", "structure", ERROR,
         "The network gives the same output for every sample.",
         "Nothing of the input reaches the output, so nothing can be learnt but a constant.",
         "Look for dead or saturated layers, or a softmax over one class, between input and output.",
         f"{_TDC}: non_zero_variance; DeepLocalize"),
    Rule("NW107", "signal-decay", "initialisation", WARNING,
         "The signal shrinks to under a hundredth from the first to the last layer.",
         "Late layers see almost the same for every sample; their gradients drown.",
         "Initialise for the activation (nonlin.nn.init_), or add normalisation.",
         "He et al., ICCV 2015; Schoenholz et al., ICLR 2017"),
    Rule("NW108", "no-progress", "optimisation", WARNING,
         "The loss has not fallen by a tenth of its first value.",
         "Something keeps the network from learning, or it had already learnt when watching began.",
         "See the other alerts first; then try another learning rate, and one batch alone, which must be learnt by heart.",
         f"{_SMD}: LossNotDecreasing; {_TDC}"),
    Rule("NW109", "first-loss", "initialisation", WARNING,
         "The first loss is over ten times that of guessing.",
         "The untrained outputs are extreme: weights or inputs are far too large, and the first steps go into undoing that.",
         "Scale the inputs to about unit variance, and initialise the last layer smaller.",
         f"{_TDC}: the first loss of K classes is about ln K; torchtest2"),
    Rule("NW110", "loss-on-floor", "pairing", ERROR,
         "The loss stands on the least value it can take with confined outputs.",
         "A loss of logits that gets values of [0, 1] cannot fall further, however good the network is.",
         "Give the loss the logits: remove the softmax, sigmoid or tanh before it.",
         "closed form: ln(1+(K-1)/e); PyTorch documentation of CrossEntropyLoss: the input holds unnormalised logits"),
    Rule("NW111", "update-size", "optimisation", INFO,
         "Updates are very small or very large beside the weights.",
         "Healthy trainings change weights by about a thousandth each step.",
         "Change the learning rate of this layer by the factor it is off.",
         f"{_TDC}: log10 of the ratio in [-4, -1]; {_SMD}: WeightUpdateRatio"),
    Rule("NW112", "oscillation", "optimisation", WARNING,
         "The swing of the loss grows.",
         "Steps are longer than the valley is wide.",
         "Lower the learning rate, raise the batch size, or lower the momentum.",
         f"{_AUTO}: zeta, eta; gradsnitch 0.1.0: growth 1.6"),
    Rule("NW113", "divergence", "optimisation", ERROR,
         "The loss runs away from the best it had.",
         "The learning rate is too high for the curvature, or a gradient exploded.",
         "Lower the learning rate by ten, warm it up, or clip the gradient norm.",
         f"{_TDC}: diverging loss, factor 2"),
    Rule("NW114", "one-sided-rate", "activation", WARNING,
         "A layer is almost always on, or almost never.",
         "A ReLU that is always on is no nonlinearity; one that is almost never on passes almost no gradient.",
         "Centre its input: a normalisation before it, or biases that start at 0.",
         f"{_SMD}: DeadRelu; measured on 33 torchvision models, whose layers lie between 27 and 91 %"),
    Rule("NW115", "off-centre", "activation", INFO,
         "The mean of a layer's outputs is large beside their spread.",
         "The next layer sees a constant with a little signal; its weights get updates of one sign.",
         "Take a zero-centred function, or a normalisation.",
         "LeCun et al., Efficient BackProp, 1998; Clevert et al., ICLR 2016"),
    Rule("NW116", "scale-with-depth", "initialisation", WARNING,
         "The scale grows or shrinks by more than a factor 2 at every layer.",
         "Over many layers the signal overflows or vanishes.",
         "Initialise for the activation (nonlin.nn.init_), or add normalisation.",
         "Schoenholz et al., ICLR 2017"),
    Rule("NW117", "plateau", "optimisation", INFO,
         "The loss stands still.",
         "It has converged, or the learning rate is too high or too low to go on.",
         "Lower the learning rate; stop if the result is good.",
         f"{_SMD}: LossNotDecreasing, 0.1 % in 10 periods"),
)  # fmt: skip
RULES: dict[str, Rule] = {rule.code: rule for rule in _ROWS}
"""Every alert."""


@dataclass(frozen=True)
class Line:
    """When a symptom becomes an alert, and when it is over."""

    code: str
    line: float
    """The number crosses this; ``unit`` says what it is."""
    heal: float
    """It is healed on the other side of this."""
    samples: int
    """Sampled steps in a row it must be crossed."""
    unit: str
    reason: str


LINES: dict[str, Line] = {
    row.code: row
    for row in (
        Line(
            "NW101", 0.5, 0.4, 1, "share of units", "over at least 512 effective samples, which miss 1 % of firing in 0.6 %"
        ),
        Line("NW102", 0.5, 0.4, 3, "share of inputs", "stricter than 0.85 of 50 bins in half of the units (TheDeepChecker)"),
        Line(
            "NW103",
            1e-3,
            1e-2,
            2,
            "ratio",
            "both the ratio and the norm 1e-4 (AutoTrainer); 14 of 45 faulty, no fixed program",
        ),
        Line("NW104", 8.0, 4.0, 2, "times the median", "a ratio over layers instead fires on ResNet-101 and -152"),
        Line("NW105", 0.0, 0.0, 1, "", "never right"),
        Line("NW106", 1e-6, 1e-5, 3, "range", "zero-initialised heads are constant for one step"),
        Line("NW107", 1e-2, 3e-2, 3, "ratio", "without normalisation only; five faulty, no fixed program"),
        Line("NW108", 0.9, 0.85, 1, "of the first loss", "18 of 45 faulty, no fixed program"),
        Line("NW109", 10.0, 10.0, 1, "times ln K", "TheDeepChecker's factor 2 fires on good programs"),
        Line("NW110", 0.02, 0.04, 1, "relative distance", "the loss must also stand still"),
        Line("NW111", 0.6, 0.4, 10, "share of samples", "outside [-4, -1]"),
        Line("NW112", 1.6, 1.6, 1, "growth", "twice in a row, over windows of 50"),
        Line("NW113", 2.0, 1.5, 1, "times the best", "medians of ten, rising twice"),
        Line("NW114", 0.05, 0.08, 3, "share", "or over 95 %"),
        Line("NW115", 3.0, 2.5, 3, "|mean| / std", "for N(0, 1): ReLU 0.68, sigmoid 2.4, tanh 0"),
        Line("NW116", 0.6931471805599453, 0.5, 3, "ln a layer", "over more than six layers, without normalisation"),
        Line("NW117", 0.01, 0.02, 1, "of the first loss", "over the last 500 losses"),
    )
}
"""One row for each rule."""

UPDATES = (-4.0, -1.0)
"""log10 of update over weights that is usual (TheDeepChecker)."""
TINY_GRADIENT = 1e-4
"""A first layer's gradient norm above this does not vanish, whatever the last one's is (AutoTrainer)."""
DORMANT = 1e-3
"""A unit of a smooth function is dormant if no output is larger (Sokar et al., ICML 2023, have a relative 0)."""
EFFECTIVE = 512
"""Effective samples over which units are counted: 1 % of firing is missed in 0.99^512 = 0.6 % of units."""
