"""What teaching texts recommend, each claim beside the rules that answer it: whether they agree, and if not, why.

The claims are those of widespread Chinese teaching texts, in short and in translation. A claim that stands in several is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VERDICTS: Mapping[str, str] = {
    "agrees": "the rules say the same",
    "narrower": "it holds in fewer cases than the text says, or needs more than it says",
    "contradicted": "the sources or the computed facts say otherwise",
}


@dataclass(frozen=True)
class Taught:
    """A claim: where it is made, what it recommends, which rules or problems answer it, and how they differ."""

    id: str
    group: str
    """``scenario``, ``layer``, ``network``, ``problem``, ``order``, ``function``, ``practice`` or ``criterion``."""
    case: str
    says: str
    verdict: str
    """A key of ``VERDICTS``."""
    rules: tuple[str, ...]
    """Ids of rules or problems."""
    note: str = ""
    sources: str = ""


def _t(name: str, group: str, case: str, says: str, verdict: str, rules: str, note: str = "", sources: str = "") -> Taught:
    return Taught(f"taught-{name}", group, case, says, verdict, tuple(rules.split()), note, sources)


TAUGHT_ROWS = (
    # scenarios
    _t("default", "scenario", "no special case", "ReLU", "agrees", "hidden-default", sources="glorot2011 goodfellow2016"),
    _t("many-dead", "scenario", "many dead units", "Leaky ReLU, PReLU or ELU", "narrower", "dying-relu",
       "They keep a gradient, but the usual cause is a learning rate too high: lower it first.", "maas2013 he2015 clevert2016"),
    _t("large-models", "scenario", "large models (transformers, BERT, T5)", "GELU", "narrower", "hidden-transformer hidden-language-model",
       "BERT and GPT-2 have GELU. T5 has ReLU, its version 1.1 GEGLU; LLaMA and most language models since have SwiGLU.",
       "devlin2019 radford2019 raffel2020 t5_1_1 shazeer2020 touvron2023"),
    _t("symmetric-data", "scenario", "symmetric data, as in medicine and finance", "tanh, for its centred output", "contradicted",
       "hidden-default off-centre",
       "Any data are centred by standardising them, whatever follows; on tables, plain networks of ReLU are strong "
       "(Gorishniy et al. 2021). What tanh centres are hidden outputs, and a normalisation does that for any function.",
       "gorishniy2021 lecun1998"),
    _t("multilabel", "scenario", "several labels at once, output", "sigmoid with binary cross-entropy", "agrees", "output-multilabel",
       "In torch as logits into BCEWithLogitsLoss.", "pytorch_docs"),
    _t("images", "scenario", "image classification", "ReLU; else Leaky ReLU, ELU or GELU", "agrees", "hidden-cnn hidden-resnet",
       sources="krizhevsky2012 xu2015 liu2022"),
    _t("sequences", "scenario", "sequence modelling", "tanh or GELU; else ReLU", "narrower", "hidden-rnn hidden-transformer",
       "tanh inside recurrent layers, GELU in transformers: the network decides. ReLU inside recurrent layers needs the identity as first "
       "matrix.", "greff2017 le2015"),
    _t("large-transformer", "scenario", "large transformers", "GELU; else Swish", "narrower", "hidden-language-model hidden-transformer",
       "GELU in encoders and vision; language models since 2023 mostly have Swish as the gate of SwiGLU.", "shazeer2020 narang2021"),
    _t("generative", "scenario", "generative models, output", "tanh, which normalises the output", "narrower",
       "output-gan-generator output-pixels output-diffusion output-tokens",
       "Where images are scaled to [-1, 1], as in DCGAN. Pixels in [0, 1] take sigmoid, noise takes no function, text takes softmax.",
       "radford2016 kingma2014 ho2020"),
    _t("recommenders", "scenario", "recommendation (neural collaborative filtering)", "sigmoid and tanh for scores", "contradicted",
       "hidden-recommender output-binary",
       "The paper that introduced the network found ReLU slightly above tanh and both well above sigmoid in hidden layers. Sigmoid is "
       "right for its output.", "he2017"),
    _t("speech", "scenario", "speech recognition", "ReLU, Leaky ReLU in convolutions; tanh, ReLU in recurrent layers", "narrower",
       "hidden-cnn hidden-rnn",
       "Leaky ReLU comes from acoustic models. ReLU in recurrent layers only with clipping and special weights; Conformers have Swish.",
       "maas2013 gulati2020 le2015"),
    _t("language", "scenario", "language: recurrent networks and transformers", "tanh and ReLU; ReLU and GELU in transformers", "narrower",
       "hidden-rnn hidden-transformer", "ReLU not inside recurrent layers, unless initialised for it.", "vaswani2017 hendrycks2016"),
    _t("reinforcement", "scenario", "reinforcement learning: Q-networks and policies", "ReLU and tanh", "agrees",
       "hidden-q-network hidden-policy-network", "ReLU for values; tanh did best for policies trained on-policy.",
       "mnih2015 andrychowicz2021"),
    _t("deep", "scenario", "deep networks", "ReLU and its kin; ELU and GELU as in BERT", "narrower", "hidden-deep-mlp order-deep",
       "Depth needs normalisation, skip connections or matched weights; no function does it alone but SELU with its kit.",
       "he2016 klambauer2017 schoenholz2017"),
    # layers
    _t("input-layer", "layer", "input layer", "no activation", "agrees", "order-plain", sources="goodfellow2016"),
    _t("hidden", "layer", "hidden layers", "ReLU and its variants first (Leaky ReLU, ELU, GELU)", "agrees", "hidden-default",
       sources="glorot2011 clevert2016"),
    _t("hidden-tanh", "layer", "hidden layers, second choice", "tanh", "narrower", "hidden-default hidden-rnn hidden-policy-network",
       "In shallow or recurrent networks and small policies; deep stacks of it lose gradients.", "glorot2010"),
    _t("hidden-sigmoid", "layer", "hidden layers", "no sigmoid", "agrees", "hidden-default vanishing",
       "As a gate it is right.", "glorot2010"),
    _t("hidden-softmax", "layer", "hidden layers", "no softmax", "narrower", "hidden-default",
       "As weights of a sum, in attention and mixtures, it is right (lint rule NL203 tells them apart).", "goodfellow2016 vaswani2017"),
    _t("output-binary", "layer", "output, two classes", "sigmoid with binary cross-entropy", "agrees", "output-binary",
       "In torch the network ends with the logit, and the loss applies the sigmoid.", "bridle1990 pytorch_docs"),
    _t("output-multiclass", "layer", "output, several classes", "softmax with cross-entropy", "narrower", "output-multiclass",
       "Of the model, not of the program: nn.CrossEntropyLoss applies it itself, and a softmax before it keeps the loss above "
       "{floor:sigmoid@10} with 10 classes.", "bridle1990 pytorch_docs"),
    _t("output-regression", "layer", "output, real numbers", "no activation", "agrees", "output-regression", sources="goodfellow2016"),
    _t("softmax-only", "layer", "softmax", "for outputs only, with cross-entropy", "narrower", "output-multiclass",
       "Attention's weights are softmaxes, too.", "vaswani2017"),
    _t("tanh-classes", "layer", "output, several classes", "tanh, whose values lie in [-1, 1]", "contradicted", "output-multiclass loss-stuck",
       "A cross-entropy of 10 classes whose logits lie in {range:tanh} cannot fall below {floor:tanh@10}.", "pytorch_docs"),
    _t("elu-classes", "layer", "output, several classes", "ELU, whose values lie in [-1, 1]", "contradicted", "output-multiclass",
       "Its range is {range:elu}; and logits need no activation.", "clevert2016"),
    _t("classification", "layer", "classification", "sigmoid and ReLU suit it", "narrower", "output-binary output-multiclass hidden-default",
       "ReLU in hidden layers; sigmoid only at the end, for two classes or several labels.", "goodfellow2016"),
    # networks
    _t("mlp", "network", "fully connected", "ReLU or Leaky ReLU: few layers, so that vanishing gradients are no danger", "agrees",
       "hidden-default", sources="glorot2011"),
    _t("cnn", "network", "convolutional", "ReLU or Leaky ReLU", "agrees", "hidden-cnn", sources="krizhevsky2012 xu2015"),
    _t("rnn", "network", "RNN, LSTM", "tanh, with sigmoid for gates", "agrees", "hidden-rnn", sources="hochreiter1997 greff2017"),
    _t("transformer", "network", "transformer", "GELU; ReLU is faster", "agrees", "hidden-transformer hidden-latency-transformer",
       sources="hendrycks2016 vaswani2017"),
    _t("snn", "network", "self-normalising", "SELU with special initialisation and dropout", "agrees",
       "hidden-self-normalising init-selu dropout-alpha", sources="klambauer2017"),
    _t("gan-generator", "network", "GAN generator", "ReLU or Leaky ReLU", "agrees", "hidden-gan-generator output-gan-generator",
       "And tanh at the end.", "radford2016"),
    _t("gan-discriminator", "network", "GAN discriminator", "Leaky ReLU; else ReLU", "agrees", "hidden-gan-discriminator",
       "With slope 0.2, not the 0.01 that is PyTorch's default.", "radford2016"),
    # problems
    _t("not-converging", "problem", "training does not converge", "sigmoid or tanh vanish: ReLU or GELU", "narrower",
       "not-converging vanishing", "One cause of several; output and loss, and the learning rate, come first.", "glorot2010"),
    _t("zero-units", "problem", "many units are always 0", "dying ReLU: Leaky ReLU or PReLU", "narrower", "dying-relu",
       "And a lower learning rate, which is the usual cause.", "maas2013 lu2020"),
    _t("loss-swings", "problem", "the loss swings: exploding or unstable gradients", "a smooth function (GELU, Swish)", "contradicted",
       "loss-oscillates exploding",
       "Smoothness bounds how fast slopes change, not the product of weights that explodes: GELU's largest slope, {lipschitz:gelu}, is above "
       "ReLU's, {lipschitz:relu}. Clip gradients and lower the learning rate.", "pascanu2013 santurkar2018"),
    _t("accuracy-swings", "problem", "accuracy oscillates", "outputs off centre: tanh or SELU", "narrower", "accuracy-oscillates off-centre",
       "Centred outputs speed training up; jumps come from steps and from the measurement.", "lecun1998 klambauer2017"),
    _t("dead-xavier", "problem", "dead ReLU units, from the initial weights", "Xavier initialisation", "contradicted",
       "dying-relu init-default",
       "With zero biases the sign of a pre-activation does not depend on the weights' scale; and Xavier's gain 1 halves the mean square at "
       "every ReLU (E relu(z)^2 = {square:relu}). The gain for ReLU is {gain:relu}.", "he2015 lu2020"),
    _t("dead-rate", "problem", "dead ReLU units, from the learning rate", "a lower one, or Adagrad", "narrower", "dying-relu",
       "A lower one, yes. Adaptive methods bound each step, but those of Adam near the start are as long as the learning rate.",
       "goodfellow2016"),
    _t("relu-grows", "problem", "ReLU does not squash, so that values grow with depth", "(a drawback of ReLU)", "contradicted",
       "growing-signals", "It never lengthens a difference (Lipschitz constant {lipschitz:relu}); weights do.", "he2015"),
    _t("sigmoid-vanishes", "problem", "sigmoid, deep networks", "gradients vanish", "agrees", "vanishing", sources="glorot2010"),
    _t("sigmoid-explodes", "problem", "sigmoid, deep networks", "gradients may explode", "narrower", "exploding",
       "Its slope is at most {lipschitz:sigmoid}: it shrinks them, unless weights grow a signal more than four times a layer.", "glorot2010 "
       "pascanu2013"),
    _t("sigmoid-zigzag", "problem", "sigmoid is not zero-centred", "updates of one sign, slow convergence", "agrees", "off-centre",
       sources="lecun1998"),
    _t("exp-cost", "problem", "sigmoid, tanh, ELU and GELU compute exponentials", "slow", "narrower", "too-slow cost-gpu cost-cpu",
       "GELU takes {flops:gelu}, ReLU {flops:relu}; where memory is the limit, as on GPUs and in fused layers, it hardly shows.", "howard2019"),
    # order
    _t("order-cnn", "order", "CNN with batch normalisation", "Conv, BN, ReLU", "agrees", "order-conv-batch", sources="ioffe2015"),
    _t("order-transformer", "order", "transformer with layer normalisation", "LN, Linear, GELU (pre-norm)", "agrees", "order-prenorm",
       "BERT and the first transformer have the norm after the sum.", "xiong2020"),
    _t("order-resnet", "order", "residual block", "ReLU mostly after the sum", "agrees", "order-residual",
       "In the original; with hundreds of layers, before the convolutions.", "he2016 he2016identity"),
    # single functions
    _t("leaky", "function", "Leaky ReLU", "relieves dying ReLU; its slope must be tuned", "agrees", "dying-relu hidden-default",
       sources="maas2013 xu2015"),
    _t("leaky-worse", "function", "Leaky ReLU", "works less well than ReLU", "contradicted", "hidden-cnn",
       "Compared on several data sets, leaky forms did as well or better, most with slopes well above 0.01.", "xu2015"),
    _t("prelu", "function", "PReLU", "a learned slope", "agrees", "hidden-default dying-relu", sources="he2015"),
    _t("rrelu", "function", "RReLU", "a random slope in training", "agrees", "hidden-default", "Good on small data.", "xu2015"),
    _t("elu", "function", "ELU", "exponential below 0, against a positive mean; stable training", "agrees", "hidden-cnn off-centre",
       "Its zero-centredness is {zero_centredness:elu}, ReLU's {zero_centredness:relu}.", "clevert2016"),
    _t("selu", "function", "SELU", "self-normalising", "agrees", "hidden-self-normalising init-selu dropout-alpha",
       "With its kit only.", "klambauer2017"),
    _t("gelu", "function", "GELU", "better in theory and practice in large models", "narrower", "hidden-transformer",
       "Measured differences to ReLU are small; gated forms gain more.", "narang2021"),
    _t("swish", "function", "Swish", "smooth ReLU whose beta can be learned", "agrees", "hidden-smooth hidden-resnet",
       "Most use beta = 1, which is SiLU.", "ramachandran2017 elfwing2018"),
    _t("mish", "function", "Mish", "very good in vision", "narrower", "hidden-resnet hidden-cnn",
       "In YOLOv4's backbone; it takes {flops:mish}.", "misra2020 bochkovskiy2020"),
    _t("maxout", "function", "Maxout", "chooses by competition", "agrees", "hidden-default", "It doubles the parameters.", "goodfellow2013"),
    _t("tanh-negative", "function", "tanh", "where negative activations are needed", "narrower", "hidden-default hidden-rnn",
       "ELU, SELU and leaky ReLU give negative values, too, without a second flat side.", "clevert2016"),
    _t("adaptive", "function", "adaptive functions (PAU, Dynamic ReLU, searched ones)", "the outlook", "narrower", "hidden-default",
       "They exist and can be compared here (nonlin compare swish_beta prelu silu relu). Gains are largest in small networks: Dynamic ReLU "
       "brought "
       "MobileNetV2 from 72.0 to 76.2 % on ImageNet for 5 % more arithmetic; PAU matched or beat fixed functions.",
       "molina2020 chen2020dynamic ramachandran2017"),
    _t("selu-adaptive", "function", "SELU and Swish", "introduced adaptive parameters", "contradicted", "hidden-self-normalising",
       "SELU's two numbers are constants that follow from its fixed point; nothing in it is learned. Swish's beta can be.",
       "klambauer2017 ramachandran2017"),
    # practice
    _t("init", "practice", "initial weights", "He with ReLU, Glorot with tanh", "narrower", "init-default init-bounded",
       "He for ReLU (gain {gain:relu}), yes. tanh's own gain is {gain:tanh}; Glorot's 1 lets signals shrink slowly with depth.",
       "he2015 glorot2010"),
    _t("firing", "practice", "share of active units", "30 to 50 % is ideal", "narrower", "dying-relu",
       "Half at the start, by symmetry. Layers of 33 trained torchvision models lie between 27 and 91 % (alert NW114): no ideal is "
       "established.", "glorot2011"),
    _t("count-dead", "practice", "dead units", "count those that are always 0", "agrees", "dying-relu",
       "nonlin.watch does, over enough samples.", "lu2020"),
    _t("experiment", "practice", "MNIST, 784-128-64-10, Adam", "ReLU and Leaky ReLU best, then tanh, sigmoid last", "narrower",
       "hidden-default", "Run it with seeds and intervals: nonlin compare --preset classic. Two layers deep, differences are small.",
       "glorot2011"),
    # what to choose by
    _t("nonlinear", "criterion", "nonlinearity", "breaks the linear stack", "agrees", "linear-network",
       "Computed: nonlin table --preset measures.", "goodfellow2016"),
    _t("gradient", "criterion", "gradient available", "decides whether backpropagation works", "agrees", "vanishing dying-relu",
       "Computed: for a normal input ReLU has one for {gradient_availability:relu} of inputs, GELU for {gradient_availability:gelu}.",
       "glorot2011"),
    _t("centred", "criterion", "zero-centred output", "faster convergence", "agrees", "off-centre", "Computed: see problem off-centre.",
       "lecun1998"),
    _t("efficient", "criterion", "cost", "ReLU and its kin are fast", "agrees", "too-slow hidden-latency",
       "ReLU takes {flops:relu} for a number.", "glorot2011"),
    _t("sparse", "criterion", "sparsity", "ReLU's zeros may generalise better", "narrower", "hidden-default",
       "Proposed with rectifier networks for images and text, whose sparsity did not hurt; what is used today is the speed of zeros.",
       "glorot2011 mirzadeh2024"),
    _t("range", "criterion", "range of outputs", "by the task", "agrees", "output-positive output-bounded output-regression",
       sources="goodfellow2016"),
    _t("stable", "criterion", "stable training", "some, such as ELU, may be more stable", "narrower", "loss-oscillates hidden-cnn",
       "Stability is mostly the learning rate's, the weights' and the norm's.", "clevert2016 santurkar2018"),
    _t("interpretable", "criterion", "interpretability", "the function should be interpretable", "narrower", "hidden-default",
       "Every function here is one formula; what a unit means is decided by the weights.", "goodfellow2016"),
)  # fmt: skip
