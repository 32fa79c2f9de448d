"""What stands between the layers. The first row whose case holds is taken, so that special cases stand above general ones."""

from __future__ import annotations

from nonlin.advise.row import Other, Row, When

_O = Other
_LEAKY = _O("leaky_relu", "units die (nonlin.watch raises NW101), or a large learning rate is needed", "maas2013 xu2015")
_CNNS = "cnn resnet unet"


def _row(name: str, when: When, choose: str, reason: str, sources: str, others: tuple[Other, ...] = (), note: str = "",
         rules: tuple[str, ...] = ()) -> Row:  # fmt: skip
    return Row(f"hidden-{name}", "hidden", when, choose, reason, sources, others, note, rules=rules)


ROWS = (
    # networks that are defined by their function
    _row("siren", When(arch="siren"), "sin(30*x)",
         "A sine's derivative is a sine again, so that the network fits a signal and its derivatives with fine detail; ReLU networks are "
         "piecewise linear, and their second derivative is zero.",
         "sitzmann2020",
         (_O("finer", "the signal has very different frequencies in different places", "liu2024finer"),
          _O("gabor", "noise robustness matters, as in denoising; it is complex-valued in the paper", "saragadam2023"),
          _O("snake", "a periodic signal must be continued beyond the data", "ziyin2020")),
         "The 30 belongs to the initialisation: take both from the paper, or neither.", ("NL304",)),
    _row("self-normalising", When(arch="self-normalising"), "selu",
         "With weights of variance 1/fan_in (gain {gain:selu}), mean 0 and variance 1 are an attracting fixed point of every layer: no "
         "normalisation layer is needed.",
         "klambauer2017",
         (_O("relu", "there is a normalisation layer, or skip connections; then it is the mlp row's case", "ioffe2015"),
          _O("elu", "the outputs should have a mean near 0 but the rest of the kit is missing", "clevert2016")),
         "The proof is for fully connected layers. Its kit is part of it: LeCun normal weights, AlphaDropout, no batch normalisation.",
         ("NL303",)),
    _row("rnn-int8", When(arch="rnn", constraint="int8"), "tanh",
         "Bounded in {range:tanh}: the scale of 8-bit integers is known beforehand, and of an 8-bit input a table of 256 entries gives the "
         "function, "
         "correctly rounded.",
         "tflite_kernels hochreiter1997",
         (_O("hard_tanh", "there is no table: it is a clamp, with gates of hard_sigmoid", "collobert2004 courbariaux2016"),
          _O("relu", "its state is clipped: it has no bound that a scale could be chosen for", "le2015"))),
    _row("rnn", When(arch="rnn"), "tanh",
         "The same matrix acts at every step, so the state must stay bounded: tanh keeps it in {range:tanh} and centred on 0, while the "
         "gates are sigmoids, which open and close between 0 and 1.",
         "hochreiter1997 greff2017",
         (_O("relu", "the recurrent matrix starts as the identity and gradients are clipped", "le2015"),
          _O("hard_tanh", "microseconds count on a CPU, with gates of hard_sigmoid", "collobert2004 courbariaux2016"),
          _O("gelu", "it stands in the fully connected layers before and after the recurrent ones, not inside them", "hendrycks2016")),
         "nn.LSTM and nn.GRU have these functions built in: {range:sigmoid} for gates, {range:tanh} for states. Removing the output's "
         "tanh of an LSTM, or its forget gate, hurt most of the eight changes that were tried (Greff et al. 2017).", ("NL214",)),
    _row("pinn", When(arch="pinn"), "tanh",
         "The equation's residual takes second derivatives of the network: tanh is {smoothness:tanh}, while ReLU's second derivative is "
         "zero wherever it exists.",
         "raissi2019",
         (_O("sin", "the solution oscillates; initialise as a siren", "sitzmann2020"),
          _O("silu", "the network is deeper, where tanh saturates; it is smooth, too", "elfwing2018"),
          _O("softplus", "the solution must be convex in its input, with weights that are not negative", "dugas2000"))),
    # constraints
    _row("smooth-discriminator", When(arch="gan-discriminator", constraint="smooth"), "silu",
         "A gradient penalty is differentiated again: SiLU has a second derivative everywhere ({smoothness:silu}), leaky ReLU's is zero "
         "wherever it exists.",
         "elfwing2018",
         (_O("leaky_relu(slope=0.2)", "the penalty is that of WGAN-GP or R1: it still has a gradient for the weights, and papers use it so",
             "gulrajani2017 karras2019"),)),
    _row("smooth-policy", When(arch="policy-network q-network", constraint="smooth"), "tanh",
         "Smooth ({smoothness:tanh}), bounded in {range:tanh}, and the best of the functions tried in a study of 250,000 agents, trained "
         "on-policy "
         "for continuous control.",
         "andrychowicz2021",
         (_O("silu", "the network is deep or wide", "elfwing2018"),)),
    _row("smooth-int8", When(constraint="smooth", also="int8"), "silu",
         "Of one 8-bit number every function is a table of 256 entries, so smooth in training costs nothing in inference. SiLU reaches "
         "down to {minima:silu}, further than GELU ({minima:gelu}), so that its negative values survive the rounding better.",
         "tflite_kernels elfwing2018",
         (_O("hard_swish", "there is no table; it is continuous with kinks at {kinks:hard_swish}", "howard2019"),
          _O("gelu", "weights trained with it are to be kept", "hendrycks2016"))),
    _row("transformer-int8", When(arch="transformer", constraint="int8"), "clipped_gelu",
         "GELU reaches down to {minima:gelu} only, and up without limit: if 8 bits must span [-50, 50], all its negative values are "
         "{levels:gelu@50} of one step; clipped at 10 they span {levels:gelu@10} steps, which brought BERT's accuracy back.",
         "wu2020 kim2021",
         (_O("gelu", "activations stay in 16 bits and only weights are 8-bit", "hendrycks2016"),
          _O("relu", "the model is trained for it: no negative values, and zeros that can be skipped", "mirzadeh2024"),
          _O("quick_gelu", "a sigmoid table exists and the weights were trained with it; mind that it differs from GELU", "hendrycks2016")),
         "I-BERT instead evaluates GELU by a polynomial in integers (Kim et al. 2021). Any function of one 8-bit number is a table of 256 "
         "entries."),
    _row("int8", When(arch=f"{_CNNS} mlp autoencoder gan-generator recommender q-network policy-network", constraint="int8"), "relu6",
         "A clamp to {range:relu6}: it costs nothing, as rounding to 8 bits clamps anyway, and its range is known beforehand, so that no "
         "rare large value stretches the scale of all others. MobileNets have it for that.",
         "krizhevsky2010 sandler2018 jacob2018",
         (_O("relu", "ranges are calibrated on data, as today's tools do, or weights are equalised across layers, which needs f(s x) = s "
         "f(x); it folds "
             "into the layer before it, too", "jacob2018 nagel2019"),
          _O("hard_swish", "accuracy of SiLU is needed: {flops:hard_swish}, no exponential; best in the deeper half of the network",
             "howard2019"),
          _O("silu", "the runtime has tables of 256 entries", "tflite_kernels")),
         "The clamp costs accuracy where networks rely on values above 6: the first choice where ranges are not calibrated; compare with "
         "ReLU on your "
         "data."),
    _row("smooth-latency-transformer", When(arch="transformer", constraint="smooth", also="latency"), "gelu_tanh",
         "Within 5e-4 of GELU, smooth ({smoothness:gelu_tanh}), and with tanh instead of the normal distribution, for which most libraries have "
         "a fused kernel.",
         "hendrycks2016",
         (_O("silu", "the network is trained from scratch", "elfwing2018 ramachandran2017"),
          _O("squareplus", "no exponentials can be had at all", "barron2021"))),
    _row("smooth-latency", When(constraint="smooth", also="latency"), "silu",
         "Smooth ({smoothness:silu}), and one kernel in every library: {flops:silu}. What needs no exponential, such as squareplus "
         "({flops:squareplus}), is several kernels in most, and slower, unless it is compiled.",
         "elfwing2018 ramachandran2017",
         (_O("squareplus", "there are no fast exponentials, as on small devices; its mean is further from 0", "barron2021"),
          _O("gelu_tanh", "weights trained with GELU are to be kept", "hendrycks2016")),
         "Compare on yours: nonlin bench silu, nonlin bench squareplus."),
    _row("smooth", When(arch=f"{_CNNS} mlp autoencoder gan-generator recommender", constraint="smooth"), "silu",
         "It is {smoothness:silu}, behaves as ReLU far from 0, and, found by a search over formulas, matched or beat ReLU in deep networks.",
         "elfwing2018 ramachandran2017",
         (_O("gelu", "a transformer's parts are reused", "hendrycks2016"),
          _O("mish", "accuracy counts more than time, as in some detectors", "misra2020 bochkovskiy2020"),
          _O("softplus", "outputs must be positive and monotone", "dugas2000"),
          _O("smelu", "two trainings should disagree less: smooth functions make predictions reproducible", "shamir2022"),
          _O("tanh", "outputs must be bounded; not in deep networks without normalisation", "lecun1998"))),
    _row("smooth-transformer", When(arch="transformer", constraint="smooth"), "gelu",
         "It is {smoothness:gelu}, and what BERT, GPT-2 and vision transformers have.", "hendrycks2016 devlin2019 radford2019",
         (_O("swiglu", "it is trained from scratch: the product of SiLU and a linear map is as smooth", "shazeer2020"),
          _O("silu", "it stands in convolutional parts, as in Conformer", "ramachandran2017 gulati2020"))),
    _row("latency-transformer", When(arch="transformer", constraint="latency"), "relu",
         "{flops:relu} for a number, where GELU takes {flops:gelu}; and in trained language models most of its outputs are exact zeros, "
         "whose rows "
         "of the next matrix need not be read by kernels that know of it.",
         "vaswani2017 mirzadeh2024",
         (_O("gelu_tanh", "weights trained with GELU are to be kept; most libraries have it fused", "hendrycks2016"),
          _O("squared_relu", "a lower loss is wanted without a gate's second matrix; its zeros are those of ReLU", "so2021"))),
    _row("latency-discriminator", When(arch="gan-discriminator", constraint="latency"), "leaky_relu(slope=0.2)",
         "It is what the network needs anyway, and costs {flops:leaky_relu} for a number.", "radford2016",
         (_O("relu", "no units die (nonlin.watch raises no NW101)"),)),
    _row("latency", When(arch=f"{_CNNS} mlp autoencoder gan-generator recommender q-network policy-network", constraint="latency"),
         "relu",
         "{flops:relu} for a number; it folds into the layer before it in every inference library, and can be computed in place.",
         "krizhevsky2012",
         (_O("hard_swish", "SiLU's accuracy is wanted without its exponential: {flops:hard_swish}", "howard2019"),
          _O("leaky_relu", "units die; it takes {flops:leaky_relu}", "maas2013"))),
    # networks
    _row("language-model", When(arch="transformer", task="generation"), "swiglu",
         "The product of SiLU of one projection with another: at the same number of weights (a block's width cut to two thirds) gated units "
         "gave "
         "lower loss than ReLU and GELU, first in one study and then in an independent one, and LLaMA and most language models since have it.",
         "shazeer2020 narang2021 touvron2023",
         (_O("gelu", "weights of GPT-2 or BERT are reused, or two matrices a block are to do", "hendrycks2016 radford2019"),
          _O("geglu", "it is T5 1.1 or Gemma; as good", "shazeer2020 t5_1_1"),
          _O("squared_relu", "a gate's third matrix is not wanted: it lowered the loss of language models", "so2021"),
          _O("relu", "speed or sparsity counts; the first transformer and T5 have it", "vaswani2017 raffel2020 mirzadeh2024")),
         "Why gates help is not known; the paper offers no explanation (Shazeer 2020)."),
    _row("transformer", When(arch="transformer"), "gelu",
         "BERT, GPT-2 and vision transformers are trained with it. It is smooth ({smoothness:gelu}) and lets a little of negative inputs "
         "through, down to {minima:gelu}.",
         "hendrycks2016 devlin2019 radford2019 dosovitskiy2021",
         (_O("swiglu", "it is trained from scratch and three matrices a block are no burden: gates gave lower loss at the same cost",
             "shazeer2020 narang2021 touvron2023"),
          _O("relu", "speed or sparsity counts; the first transformer and T5 have it", "vaswani2017 raffel2020 mirzadeh2024"),
          _O("silu", "it stands in convolutional parts, as in Conformer", "ramachandran2017 gulati2020"),
          _O("squared_relu", "a cheap change is wanted: it lowered the loss of language models", "so2021")),
         "That GELU is better than ReLU or Swish in general is not established: differences are small, and gated forms gain more "
         "(Narang et al. 2021)."),
    _row("gan-generator", When(arch="gan-generator"), "relu",
         "One of the guidelines of DCGAN, found by trying many architectures: ReLU in all layers but the last. BigGAN kept it.",
         "radford2016 brock2019",
         (_O("leaky_relu(slope=0.2)", "units die, or the generator is that of StyleGAN, which has it throughout", "maas2013 karras2019"),)),
    _row("gan-discriminator", When(arch="gan-discriminator"), "leaky_relu(slope=0.2)",
         "The generator learns only from the gradient that comes through the discriminator: a slope of 0.2 below 0 lets it pass where ReLU "
         "is flat ({dead_zone:relu}).",
         "radford2016 maas2013",
         (_O("relu", "it is residual, with spectrally normalised weights", "miyato2018 brock2019"),
          _O("leaky_relu(slope=0.1)", "it is the plain network of spectral normalisation", "miyato2018"),
          _O("silu", "second derivatives of the discriminator are needed: --constraint smooth", "elfwing2018")),
         "The slope is 0.2, not PyTorch's default of 0.01, whose gradient below 0 is twenty times weaker."),
    _row("diffusion", When(arch="diffusion"), "silu",
         "The U-Nets of diffusion models are built with SiLU (Swish) after group normalisation, since the first.",
         "ho2020 elfwing2018",
         (_O("gelu_tanh", "the denoiser is a transformer (DiT)", "peebles2023"), _O("relu", "speed counts more than quality"))),
    _row("q-network", When(arch="q-network"), "relu",
         "Q-networks have had it since the first on Atari games; values have no fixed range, and ReLU imposes none.",
         "mnih2015",
         (_O("tanh", "states are few numbers of known range and the network is small"),
          _O("leaky_relu", "units die as targets move (nonlin.watch raises NW101)", "maas2013"),
          _O("silu", "a smooth value is differentiated by its action", "elfwing2018"))),
    _row("policy-network", When(arch="policy-network"), "tanh",
         "In a study of 250,000 agents trained on-policy for continuous control tanh did best and ReLU worst; networks are two layers deep, so "
         "that gradients do not vanish.",
         "andrychowicz2021",
         (_O("relu", "training is off-policy (TD3, SAC), whose networks have it, or states are images", "fujimoto2018 haarnoja2018"),
          _O("silu", "the network is deeper than three layers", "elfwing2018"))),
    _row("recommender", When(arch="recommender"), "relu",
         "Neural collaborative filtering compared them: ReLU slightly above tanh, both well above sigmoid. Embeddings make the inputs "
         "small and of both signs.",
         "he2017",
         (_O("prelu", "clicks are predicted from much data", "zhou2018 he2015"),
          _O("dice", "clicks are predicted, and the switch should follow each feature's distribution", "zhou2018"),
          _O("selu", "it is a deep autoencoder of ratings: there, functions with a negative part were found crucial", "kuchaiev2017"),
          _O("smelu", "two trainings must agree: smooth functions make predictions reproducible", "shamir2022"),
          _O("tanh", "the network is shallow; slightly behind ReLU", "he2017")),
         "Sigmoid in hidden layers, which some texts recommend, was the worst of three in the paper that introduced the network.",
         ("NL207",)),
    _row("deep-mlp", When(arch="mlp", norm="none", depth=15, skips=False), "selu",
         "So many layers without normalisation or skip connections: SELU keeps mean 0 and variance 1 through all of them (gain "
         "{gain:selu}); ReLU keeps the size at gain {gain:relu}, but makes all inputs alike.",
         "klambauer2017 hayou2019",
         (_O("relu", "you add a normalisation or skip connections, which is the usual way", "ioffe2015 he2016"),
          _O("leaky_relu", "it is tailored for the depth: nonlin shape leaky_relu --method tat", "zhang2022"),
          _O("tanh", "the weights are set to the edge of chaos: nonlin edge tanh", "schoenholz2017")),
         "It needs its kit: LeCun normal weights, AlphaDropout, no batch normalisation.", ("NL301", "NL303")),
    _row("resnet", When(arch="resnet"), "relu",
         "The sums carry gradients past the flat side of ReLU, and it is cheap: {flops:relu} for a number.",
         "he2016",
         (_O("gelu", "the blocks are those of ConvNeXt: one activation a block", "liu2022"),
          _O("silu", "accuracy for its size counts, as in EfficientNet, or it is a detector: YOLOv5 since version 4, and YOLOX",
             "tan2019 jocher2021 ge2021"),
          _O("mish", "it is the backbone of YOLOv4", "misra2020 bochkovskiy2020"),
          _O("leaky_relu", "units die", "xu2015"))),
    _row("unet", When(arch="unet"), "relu",
         "U-Net has it after each convolution; its joined ways carry gradients past the flat side, and it is cheap where pixels are many: "
         "{flops:relu} for a number.",
         "ronneberger2015",
         (_O("leaky_relu", "units die, or it is nnU-Net, which has it after instance normalisation", "isensee2021 maas2013"),
          _O("silu", "it is the denoiser of a diffusion model: --arch diffusion", "ho2020"),
          _O("gelu", "its blocks are those of ConvNeXt or of a transformer", "liu2022"),
          _O("prelu", "it restores images: the slope is learned", "he2015"))),
    _row("cnn", When(arch="cnn"), "relu",
         "The same four-layer network came to 25 % training error on CIFAR-10 six times faster with it than with tanh, and it is cheap: "
         "{flops:relu} "
         "for a number.",
         "krizhevsky2012 glorot2011",
         (_O("leaky_relu", "units die, or data are few; slopes of 0.01 to 0.2", "maas2013 xu2015"),
          _O("gelu", "the network is modern (ConvNeXt) or shares parts with transformers", "liu2022"),
          _O("silu", "accuracy for its size counts, as in EfficientNet, or it is a detector: YOLOv5 since version 4, and YOLOX",
             "tan2019 jocher2021 ge2021"),
          _O("elu", "there is no normalisation: its mean is nearer 0 ({zero_centredness:elu} against {zero_centredness:relu})",
             "clevert2016"),
          _O("prelu", "data are many: the slope is learned", "he2015"))),
    _row("autoencoder", When(arch="autoencoder"), "relu",
         "Cheap and well tested; the code itself (the bottleneck) stays linear, or information is lost below 0.",
         "goodfellow2016 sandler2018",
         (_O("leaky_relu", "units die", "maas2013"),
          _O("silu", "the reconstruction should be smooth", "elfwing2018"),
          _O("selu", "it is deep, and its data are sparse", "kuchaiev2017"))),
    _row("default", When(), "relu",
         "A gradient of 1 on its whole positive side, zeros on the other, and {flops:relu} for a number: the default of feed-forward "
         "networks since 2011, against which others must prove a gain.",
         "nair2010 glorot2011 goodfellow2016",
         (_LEAKY,
          _O("prelu", "units die, and data are many enough to learn the slope", "he2015"),
          _O("rrelu", "data are few: a random slope in training regularises", "xu2015"),
          _O("elu", "there is no normalisation: its mean is nearer 0 ({zero_centredness:elu} against {zero_centredness:relu})",
             "clevert2016"),
          _O("gelu", "time matters less, or weights come from transformers", "hendrycks2016"),
          _O("selu", "the network is deep without normalisation", "klambauer2017"),
          _O("tanh", "the network is shallow and outputs must be bounded and of both signs", "lecun1998"),
          _O("maxout", "twice the parameters are affordable, with dropout", "goodfellow2013"))),
)  # fmt: skip
