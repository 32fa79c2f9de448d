"""What stands around the activation: initial weights, the order of layers, dropout, and what it costs."""

from __future__ import annotations

from nonlin.advise.row import Other, Row, When

_O = Other
_OF_ITS_OWN = "cnn unet mlp recommender autoencoder gan-generator gan-discriminator q-network policy-network pinn"

_SIREN = """\
linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
for i, layer in enumerate(linear):
    n = layer.in_features
    bound = 1 / n if i == 0 else math.sqrt(6 / n) / 30
    nn.init.uniform_(layer.weight, -bound, bound)"""
_RECURRENT = """\
for name, p in model.named_parameters():
    if "weight_hh" in name:
        for gate in p.chunk(p.shape[0] // p.shape[1]):
            nn.init.orthogonal_(gate)
    elif "weight_ih" in name:
        nn.init.xavier_uniform_(p)
    elif "bias_ih" in name:
        nn.init.zeros_(p)
        nn.init.ones_(p.chunk(4)[1])  # the forget gate of an LSTM starts open
    elif "bias_hh" in name:
        nn.init.zeros_(p)"""
_TRANSFORMER = """\
for name, p in model.named_parameters():
    if p.dim() > 1:
        ends_branch = name.endswith(("out_proj.weight", "linear2.weight"))
        std = 0.02 / math.sqrt(2 * DEPTH) if ends_branch else 0.02
        nn.init.normal_(p, std=std)"""
_GAN = """\
for m in model.modules():
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(m.weight, 0.0, 0.02)
    elif isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)"""
_RESIDUAL = """\
nonlin.nn.init_(model)
for block in model.modules():
    if isinstance(block, Block):
        nn.init.zeros_(block.norm2.weight)  # at first the identity"""
_DENOISER = """\
nonlin.nn.init_(model)
for block in model.modules():
    if isinstance(block, Block):
        nn.init.zeros_(block.conv2.weight)  # at first the identity"""
_POLICY = """\
nonlin.nn.init_(model, distribution="orthogonal")
with torch.no_grad():
    model[-HEAD].weight.mul_(0.01)  # all actions begin nearly equal"""

INIT = (
    Row("init-siren", "init", When(arch="siren"), "uniform in +-sqrt(6/fan_in)/30, first layer +-1/fan_in",
        "So the input of each sine after the first has a standard deviation of about 1 at every depth, while the first spans several "
        "periods; with "
        "usual weights every phase runs through many, and the gradient is noise.",
        "sitzmann2020", code=_SIREN, rules=("NL304",)),
    Row("init-rnn", "init", When(arch="rnn"), "orthogonal recurrent weights, Glorot for the inputs, forget bias 1",
        "An orthogonal matrix keeps the length of what it is applied to, however often; a forget gate that starts open lets gradients "
        "reach far back.",
        "saxe2014 glorot2010 jozefowicz2015",
        (_O("the identity for recurrent weights", "the function is ReLU", "le2015"),), code=_RECURRENT),
    Row("init-transformer", "init", When(arch="transformer"), "normal with std 0.02; those that end a branch divided by sqrt(2 depth)",
        "Each of 2 depth branches adds to the sum, which would grow with depth; layer normalisation makes up for the rest of the scale.",
        "radford2019 devlin2019", code=_TRANSFORMER,
        others=(_O("nonlin.nn.init_(model)", "it is a part of another network, or has no normalisation"),)),
    Row("init-gan", "init", When(arch="gan-generator gan-discriminator", norm="batch"), "normal with std 0.02, norm scales 1 +- 0.02",
        "Batch normalisation makes up for the scale; small weights keep the output's tanh away from its flat ends at the start.",
        "radford2016", code=_GAN, note="The scales of the norms are those of DCGAN's published program.",
        others=(_O("nonlin.nn.init_(model)", "there is no batch normalisation", "he2015"),)),
    Row("init-policy", "init", When(arch="policy-network"), "orthogonal, gain of the function; the last layer 100 times smaller",
        "The first policy then hardly depends on the state: the last layer's scale mattered in a study of 250,000 agents, the kind of "
        "initialisation elsewhere little.",
        "andrychowicz2021", code=_POLICY),
    Row("init-diffusion", "init", When(arch="diffusion"), "gain of the function; the last convolution of each block zero",
        "Each block begins as the identity, so that signals and gradients pass any depth at the start.",
        "ho2020", code=_DENOISER),
    Row("init-residual", "init", When(skips=True, norm="batch group layer rms"), "gain of the function; the last norm of each block zero",
        "Each block begins as the identity, so that signals and gradients pass any depth at the start.",
        "he2015 goyal2017", code=_RESIDUAL),
    Row("init-selu", "init", When(function="selu"), "LeCun normal: variance 1/fan_in, biases 0",
        "The fixed point of mean 0 and variance 1 holds only for gain {gain:selu}. torch.nn.init.calculate_gain('selu') is 3/4, which "
        "gives that up for steadier gradients in layers of unequal width.",
        "klambauer2017 pytorch_docs", code="nonlin.nn.init_(model)", rules=("NL303",)),
    Row("init-bounded", "init", When(function="tanh"), "normal, variance gain^2/fan_in with the gain of tanh",
        "Gain {gain:tanh} keeps the mean square of the pre-activations at 1; Glorot's, gain 1, lets it shrink layer by layer, which is "
        "harmless up to a few layers.",
        "lecun1998 glorot2010", code="nonlin.nn.init_(model)",
        others=(_O("nonlin.nn.init_(model, mode='fan_avg')", "Glorot's variance is wanted, with the function's own gain", "glorot2010"),
                _O("nonlin.nn.init_(model, distribution='orthogonal')", "the network is deep", "saxe2014 schoenholz2017")),
        rules=("NL301",)),
    Row("init-default", "init", When(), "He normal: variance gain^2/fan_in with the function's own gain",
        "So each layer keeps the mean square of the signal. For ReLU the gain is {gain:relu}; Glorot's weights, with gain 1, halve the mean "
        "square at every ReLU, as E relu(z)^2 = {square:relu}.",
        "he2015", code="nonlin.nn.init_(model)",
        others=(_O("nonlin.nn.init_(model, mode='fan_out', kind='backward')", "gradients rather than signals must keep their size",
                   "he2015"),
                _O("nonlin.nn.init_(model, distribution='orthogonal')", "the network is deep without normalisation", "saxe2014")),
        rules=("NL301", "NL302")),
)  # fmt: skip
ORDER = (
    Row("order-residual", "order", When(arch="resnet"), "conv, norm, activation, conv, norm, sum, activation",
        "The activation stands after the sum: put before it, on the branch alone, a rectifier could only ever add, never take away.",
        "he2016 he2016identity",
        (_O("norm, activation, conv, norm, activation, conv, sum", "hundreds of layers: nothing stands in the way of the sums",
            "he2016identity"),), rules=("NL205", "NL208")),
    Row("order-prenorm", "order", When(arch="transformer"), "norm, linear, activation, linear, sum (pre-norm)",
        "Normalisation within the branch leaves the sums free: gradients are of even size at all depths from the start, and warm-up can be "
        "left out.",
        "xiong2020 ba2016",
        (_O("the same with RMS norm", "it is a language model: --norm rms, cheaper and as good", "zhang2019 narang2021 touvron2023"),
         _O("linear, activation, linear, sum, norm (post-norm)", "weights of BERT or the first transformer are reused; it needs warm-up",
            "vaswani2017 devlin2019 xiong2020"))),
    Row("order-diffusion", "order", When(arch="diffusion"), "norm, activation, conv, twice, then the sum",
        "As in pre-activation residual networks, so that nothing stands in the way of the sums.", "ho2020 he2016identity"),
    Row("order-conv-batch", "order", When(arch="cnn unet gan-generator gan-discriminator", norm="batch"), "conv (no bias), norm, activation",
        "The sum of many terms that a convolution gives is nearly normal, so that its mean and variance say what the activation gets; the "
        "norm's shift makes the convolution's bias idle.",
        "ioffe2015",
        (_O("conv, activation, norm", "it is measured to be better on your data; both orders train"),),
        rules=("NL208", "NL211")),
    Row("order-gan-ends", "order", When(arch="gan-generator gan-discriminator", norm="batch"),
        "no norm at the generator's output nor at the discriminator's input",
        "Normalising every layer made samples oscillate and training unstable.", "radford2016",
        (_O("spectral normalisation of the discriminator's weights, and no norm in it", "it is new: most discriminators since are built "
        "without batch "
            "norm, which ties samples together and spoils penalties on gradients", "miyato2018 gulrajani2017"),)),
    Row("order-linear-batch", "order", When(arch="mlp recommender autoencoder q-network policy-network", norm="batch"),
        "linear (no bias), norm, activation",
        "The norm's shift makes the layer's bias idle, and the activation gets inputs of known scale.", "ioffe2015",
        rules=("NL208", "NL211")),
    Row("order-inner-norm", "order", When(arch=_OF_ITS_OWN, norm="layer rms group"), "layer, norm, activation",
        "The norm sets the scale of what the activation gets, for each sample by itself: nothing differs between training and use.",
        "ba2016"),
    Row("order-recurrent-norm", "order", When(arch="rnn", norm="layer rms"), "recurrent layer, norm, next layer",
        "nn.LSTM and nn.GRU have no place for a norm inside; between layers it keeps the scale. Inside, it belongs before the gates' "
        "functions.", "ba2016"),
    Row("order-targets-move", "order", When(arch="q-network policy-network", norm="batch"), "rather layer norm",
        "Training and playing see other distributions, so that the running mean and variance fit neither; with layer norm, Q-learning can "
        "be stable even without a target network.", "bhatt2024 gallici2025",
        (_O("batch norm over both batches", "states and next states pass the network together", "bhatt2024"),)),
    Row("order-recurrent", "order", When(arch="rnn", norm="none"), "recurrent layers, then a linear layer on the last state, or on each",
        "The recurrent layers have their functions inside; another one between them and the last layer would only cut off values.",
        "hochreiter1997 goodfellow2016", rules=("NL204",)),
    Row("order-plain", "order", When(arch=f"{_OF_ITS_OWN} siren self-normalising", norm="none"),
        "layer, activation; nothing after the last layer",
        "The last layer gives what the loss wants; an activation there belongs to the output's row, and one too many cuts off values.",
        "goodfellow2016", rules=("NL104", "NL201", "NL204")),
    Row("order-deep", "order",
        When(arch="mlp cnn autoencoder recommender q-network policy-network", norm="none", without="selu", depth=15, skips=False),
        "add a norm or skip connections",
        "Beyond some 15 layers without either, only careful weights keep signals and gradients in size, and inputs become alike.",
        "he2016 schoenholz2017 martens2021",
        (_O("a function shaped for the depth: nonlin shape", "neither is wanted", "martens2021 zhang2022"),
         _O("weights standardised and scaled (NFNets)", "it is a large network for images", "brock2021")),
        rules=("NL207", "NL301", "NW103", "NW107")),
    Row("order-bottleneck", "order", When(arch="cnn resnet autoencoder", constraint="int8 latency"), "no activation after a narrow layer",
        "A rectifier after a projection to few channels loses information that the next layer cannot recover.", "sandler2018"),
)  # fmt: skip

DROPOUT = (
    Row("dropout-alpha", "dropout", When(function="selu"), "nn.AlphaDropout(0.1)",
        "It drops to SELU's lower limit and rescales, so that mean 0 and variance 1 stay; plain dropout destroys both.",
        "klambauer2017 pytorch_docs", code="nn.AlphaDropout(0.1)", rules=("NL303",)),
    Row("dropout-none-exact", "dropout", When(arch="siren pinn"), "none",
        "The network is to fit one signal exactly; there is nothing to overfit, and noise has derivatives.", "sitzmann2020 raissi2019"),
    Row("dropout-none-gan", "dropout", When(arch="gan-generator gan-discriminator"), "none",
        "Batch normalisation and the game itself are noise enough; DCGAN has none.", "radford2016"),
    Row("dropout-none-rl", "dropout", When(arch="q-network policy-network"), "none",
        "Targets are made by the network itself, so that its noise comes back as wrong targets; the usual networks have none.", "mnih2015 "
        "fujimoto2018",
        (_O("nn.Dropout(0.01) with layer norm, in Q-functions", "each step of the world is learned from many times (DroQ)", "hiraoka2022"),)),
    Row("dropout-diffusion", "dropout", When(arch="diffusion"), "nn.Dropout(0.1) before the second convolution of a block",
        "It kept a model of small images from overfitting; larger data sets need none.", "ho2020", code="nn.Dropout(0.1)"),
    Row("dropout-transformer", "dropout", When(arch="transformer"), "nn.Dropout(0.1) at the end of each branch, before the sum",
        "As in the first transformer. Pre-training on much data is better without: T5 1.1 was, and is to have it again when fine-tuned.",
        "vaswani2017 t5_1_1",
        (_O("none", "each sample is seen about once", "t5_1_1"),), code="nn.Dropout(0.1)"),
    Row("dropout-recurrent", "dropout", When(arch="rnn"), "between layers: nn.LSTM(..., num_layers=2, dropout=0.2)",
        "On the recurrent connections a new mask at every step would wipe the memory; between layers, or as one mask for all steps, it does "
        "not.",
        "zaremba2014 gal2016"),
    Row("dropout-residual", "dropout", When(skips=True), "none, or whole branches (stochastic depth)",
        "Batch normalisation regularises, and plain dropout before it shifts variances.", "huang2016 li2019dropout", rules=("NL209",)),
    Row("dropout-after-norms", "dropout", When(norm="batch"), "nn.Dropout only after the last batch normalisation, before the last layer",
        "Dropout changes the variance in training and not in use; a batch normalisation behind it has learned the wrong one.",
        "li2019dropout", code="nn.Dropout(0.2)", rules=("NL209", "NL210")),
    Row("dropout-default", "dropout", When(), "nn.Dropout(0.2) after the activation; up to 0.5 in wide layers",
        "Units that may be missing cannot rely on each other. Never on what the loss gets.", "srivastava2014",
        (_O("none", "there are more data than the network can learn by heart", "goodfellow2016"),), code="nn.Dropout(0.2)",
        rules=("NL210",)),
)  # fmt: skip

COST = (
    Row("cost-table", "cost", When(constraint="int8"), "any function of one 8-bit number is a table of 256 entries",
        "So GELU ({flops:gelu}) and ReLU ({flops:relu}) cost the same where the runtime has tables; where it "
        "has none, what can be written as clamps "
        "and products is left: ReLU6 ({flops:relu6}), hard swish ({flops:hard_swish}).",
        "tflite_kernels howard2019"),
    Row("cost-step", "cost", When(constraint="int8"), "a minimum near 0 is lost in a wide range",
        "In symmetric 8 bits up to 6, the negative values of GELU span {levels:gelu@6} steps, of SiLU {levels:silu@6}, of hard swish "
        "{levels:hard_swish@6}; an asymmetric scale (with a zero point) gives all 256 steps to the range that occurs.",
        "wu2020 jacob2018"),
    Row("cost-gpu", "cost", When(constraint="latency", device="gpu"), "on a GPU, memory is the cost: fuse it",
        "An activation by itself reads and writes each number once, and the arithmetic hides behind that; torch.compile, or a library's "
        "fused layer, saves the trip through memory, which usually is more than another function would save.",
        "pytorch_docs", note="Compare on yours: nonlin bench gelu."),
    Row("cost-cpu", "cost", When(constraint="latency", device="cpu"), "on a CPU, exponentials count while data fit its caches",
        "For one number ReLU takes {flops:relu}, leaky ReLU {flops:leaky_relu}, hard swish {flops:hard_swish}; SiLU {flops:silu}, GELU "
        "{flops:gelu}, mish {flops:mish}. Larger tensors wait for memory, as on a GPU.",
        "howard2019", note="Compare on yours: nonlin bench silu."),
    Row("cost-smooth", "cost", When(constraint="smooth"), "smoothness, in numbers",
        "ReLU is {smoothness:relu}, ELU {smoothness:elu}, SmeLU {smoothness:smelu}, SELU {smoothness:selu}; SiLU, GELU, softplus and tanh are "
        "{smoothness:silu}.",
        "clevert2016 shamir2022 klambauer2017 elfwing2018"),
)  # fmt: skip
