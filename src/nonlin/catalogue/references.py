"""The literature: citation key -> authors, title, where, and how to find it. One row per work."""

REFERENCES: dict[str, str] = {
    "abdool2023": "M. Abdool, T. Dear, Swim: A General-Purpose, High-Performing, and Efficient Activation Function for "
    "Locomotion Control Tasks, 2023, arXiv:2303.02640",
    "actix2025": "Actix, a package of activation functions for PyTorch and TensorFlow, software, 2025",
    "acttensor": "P. Ardehkhani, ActTensor: activation functions for TensorFlow, software, 2022",
    "agostinelli2015": "F. Agostinelli, M. Hoffman, P. Sadowski, P. Baldi, Learning Activation Functions to Improve "
    "Deep Neural Networks, ICLR Workshop 2015, arXiv:1412.6830",
    "alcaide2018": "E. Alcaide, E-swish: Adjusting Activations to Different Network Depths, 2018, arXiv:1801.07145",
    "arjovsky2016": "M. Arjovsky, A. Shah, Y. Bengio, Unitary Evolution Recurrent Neural Networks, ICML 2016, "
    "arXiv:1511.06464",
    "atto2021": "A. M. Atto, S. Galichet, D. Pastor, N. Méger, Parametric Rectified Power Sigmoid Units: Learning "
    "Nonlinear Neural Transfer Analytical Forms, 2021, arXiv:2101.09948",
    "barron2017": "J. T. Barron, Continuously Differentiable Exponential Linear Units, 2017, arXiv:1704.07483",
    "barron2021": "J. T. Barron, Squareplus: A Softplus-Like Algebraic Rectifier, 2021, arXiv:2112.11687",
    "basirat2018": "M. Basirat, P. M. Roth, The Quest for the Golden Activation Function, 2018, arXiv:1808.00783",
    "bawa2019": "V. S. Bawa, V. Kumar, Linearized sigmoidal activation: A novel activation function with tractable non-"
    "linear characteristics to boost representation capability, Expert Systems with Applications 120, 2019",
    "biswas2020eis": "K. Biswas, S. Kumar, S. Banerjee, A. K. Pandey, EIS - A Family of Activation Functions Combining "
    "Exponential, ISRU, and Softplus, 2020, arXiv:2009.13501",
    "biswas2020tanhsoft": "K. Biswas, S. Kumar, S. Banerjee, A. K. Pandey, TanhSoft - a Family of Activation Functions "
    "Combining Tanh and Softplus, 2020, arXiv:2009.03863",
    "biswas2021erfact": "K. Biswas, S. Kumar, S. Banerjee, A. K. Pandey, ErfAct and Pserf: Non-monotonic Smooth "
    "Trainable Activation Functions, AAAI 2022, arXiv:2109.04386",
    "biswas2021sau": "K. Biswas, S. Kumar, S. Banerjee, A. K. Pandey, SAU: Smooth Activation Function Using Convolution"
    " with Approximate Identities, ECCV 2022, arXiv:2109.13210",
    "biswas2021smu": "K. Biswas, S. Kumar, S. Banerjee, A. K. Pandey, SMU: Smooth Activation Function for Deep Networks"
    " Using Smoothing Maximum Technique, CVPR 2022, arXiv:2111.04682",
    "bodyanskiy2022": "Y. Bodyanskiy, S. Kostiuk, Adaptive hybrid activation function for deep neural networks, System "
    "Research and Information Technologies, 2022",
    "bodyanskiy2023": "Y. Bodyanskiy, S. Kostiuk, Learnable Extended Activation Function for Deep Neural Networks, "
    "International Journal of Computing, 2023",
    "brebisson2016": "A. de Brébisson, P. Vincent, An Exploration of Softmax Alternatives Belonging to the Spherical "
    "Loss Family, ICLR 2016, arXiv:1511.05042",
    "bridle1990": "J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    "cao2018": "J. Cao et al., Randomly translational activation inspired by the input distributions of ReLU, "
    "Neurocomputing 275, 2018",
    "carlile2017": "B. Carlile, G. Delamarter, P. Kinney, A. Marti, B. Whitney, Improving Deep Learning by Inverse "
    "Square Root Linear Units (ISRLUs), 2017, arXiv:1710.09967",
    "chai2022": "E. Chai et al., An Efficient Asymmetric Nonlinear Activation Function for Deep Neural Networks, "
    "Symmetry 14, 2022",
    "chen2020": "D. Chen, J. Li, K. Xu, AReLU: Attention-based Rectified Linear Unit, 2020, arXiv:2006.13858",
    "chen2020dynamic": "Y. Chen, X. Dai, M. Liu, D. Chen, L. Yuan, Z. Liu, Dynamic ReLU, ECCV 2020, arXiv:2003.10027",
    "chen2025": "M. Chen, T. Lu, J. Zhu, M. Sun, Z. Liu, Stronger Normalization-Free Transformers, 2025, arXiv:2512.10938",
    "cheng2020": "Q. Cheng, H. Li, Q. Wu, L. Ma, K. N. Ngan, Parametric Deformable Exponential Linear Units for deep "
    "neural networks, Neural Networks 125, 2020",
    "chernodub2016": "A. Chernodub, D. Nowicki, Norm-preserving Orthogonal Permutation Linear Unit Activation Functions"
    " (OPLU), 2016, arXiv:1604.02313",
    "chieng2018": "H. H. Chieng, N. Wahid, P. Ong, S. R. K. Perla, Flatten-T Swish: a Thresholded ReLU-Swish-like "
    "Activation Function for Deep Learning, 2018, arXiv:1812.06247",
    "chieng2020": "H. H. Chieng, N. Wahid, P. Ong, Parametric Flatten-T Swish: An Adaptive Non-linear Activation "
    "Function for Deep Learning, 2020, arXiv:2011.03155",
    "clevert2016": "D.-A. Clevert, T. Unterthiner, S. Hochreiter, Fast and Accurate Deep Network Learning by "
    "Exponential Linear Units (ELUs), ICLR 2016, arXiv:1511.07289",
    "collobert2004": "R. Collobert, Large Scale Machine Learning, PhD thesis, Université Paris VI, 2004",
    "courbariaux2015": "M. Courbariaux, Y. Bengio, J.-P. David, BinaryConnect: Training Deep Neural Networks with "
    "binary weights during propagations, NeurIPS 2015, arXiv:1511.00363",
    "courbariaux2016": "M. Courbariaux, I. Hubara, D. Soudry, R. El-Yaniv, Y. Bengio, Binarized Neural Networks, "
    "NeurIPS 2016, arXiv:1602.02830",
    "curci2021": "S. Curci, D. C. Mocanu, M. Pechenizkiy, Truly Sparse Neural Networks at Scale, 2021, arXiv:2102.01732",
    "das2025": "I. Das, M. Safari, S. Adriaensen, F. Hutter, Gompertz Linear Units: Leveraging Asymmetry for Enhanced "
    "Learning Dynamics, 2025, arXiv:2502.03654",
    "dauphin2017": "Y. N. Dauphin et al., Language Modeling with Gated Convolutional Networks, ICML 2017, arXiv:1612.08083",
    "delfosse2021": "Q. Delfosse, P. Schramowski, M. Mundt, A. Molina, K. Kersting, Adaptive Rational Activations to "
    "Boost Deep Reinforcement Learning, ICLR 2024, arXiv:2102.09407",
    "donoho1994": "D. L. Donoho, I. M. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994",
    "donoho1995": "D. L. Donoho, De-noising by soft-thresholding, IEEE Transactions on Information Theory 41, 1995",
    "duan2022": "B. Duan, Y. Yang, X. Dai, Feature Activation through First Power Linear Unit with Sign, Electronics "
    "11(13), 2022, arXiv:2111.14349",
    "dubey2018": "S. R. Dubey, S. Chakraborty, Average Biased ReLU Based CNN Descriptor for Improved Face Retrieval, "
    "2018, arXiv:1804.02051",
    "dugas2000": "C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, NeurIPS 2000",
    "duggal2017": "R. Duggal, A. Gupta, P-TELU: Parametric Tan Hyperbolic Linear Unit Activation for Deep Neural "
    "Networks, ICCV Workshops 2017",
    "elfwing2018": "S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units for Neural Network Function "
    "Approximation in Reinforcement Learning, Neural Networks 107, 2018, arXiv:1702.03118",
    "elliott1993": "D. L. Elliott, A Better Activation Function for Artificial Neural Networks, ISR Technical Report, 1993",
    "farhadi2019": "F. Farhadi, V. Partovi Nia, A. Lodi, Activation Adaptation in Neural Networks, ICPRAM 2020, "
    "arXiv:1901.09849",
    "folklore": "No single origin: elementary mathematics, in use as an activation function since about 1990",
    "georgescu2020": "M.-I. Georgescu, R. T. Ionescu, N.-C. Ristea, N. Sebe, Non-linear Neurons with Human-like Apical "
    "Dendrite Activations, 2020, arXiv:2003.03229",
    "godfrey2019": "L. B. Godfrey, An Evaluation of Parametric Activation Functions for Deep Learning, IEEE SMC 2019",
    "godin2017": "F. Godin et al., Dual Rectified Linear Units (DReLUs): A Replacement for Tanh Activation Functions in"
    " Quasi-Recurrent Neural Networks, 2017, arXiv:1707.08214",
    "golwala2025": "S. Golwala, Tangma: A Tanh-Guided Activation Function with Learnable Parameters, 2025, arXiv:2507.10560",
    "gomes2008": "G. S. da S. Gomes, T. B. Ludermir, Complementary Log-Log and Probit: Activation Functions Implemented"
    " in Artificial Neural Networks, HIS 2008",
    "gomes2013": "G. S. da S. Gomes, T. B. Ludermir, Optimization of the weights and asymmetric activation function "
    "family of neural network for time series forecasting, Expert Systems with Applications 40, 2013",
    "goodfellow2013": "I. Goodfellow et al., Maxout Networks, ICML 2013, arXiv:1302.4389",
    "grelsson2018": "B. Grelsson, M. Felsberg, Improved Learning in Convolutional Neural Networks with Shifted "
    "Exponential Linear Units (ShELUs), ICPR 2018",
    "gu2019": "S. Gu, W. Li, L. Van Gool, R. Timofte, Fast Image Restoration with Multi-bin Trainable Linear Units, "
    "ICCV 2019, arXiv:1807.11389",
    "guberman2016": "N. Guberman, On Complex Valued Convolutional Neural Networks, 2016, arXiv:1602.09046",
    "gulcehre2016": "C. Gulcehre et al., Noisy Activation Functions, ICML 2016, arXiv:1603.00391",
    "gupta2021": "A. Gupta, S. Ahuja, Parametric Variational Linear Units (PVLUs) in Deep Convolutional Networks, 2021,"
    " arXiv:2110.12246",
    "hafner2023": "D. Hafner, J. Pasukonis, J. Ba, T. Lillicrap, Mastering Diverse Domains through World Models, 2023, "
    "arXiv:2301.04104",
    "hardy1971": "R. L. Hardy, Multiquadric Equations of Topography and Other Irregular Surfaces, Journal of "
    "Geophysical Research 76, 1971",
    "he2015": "K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852",
    "hendrycks2016": "D. Hendrycks, K. Gimpel, Gaussian Error Linear Units (GELUs), 2016, arXiv:1606.08415",
    "heo2019": "B. Heo et al., A Comprehensive Overhaul of Feature Distillation, ICCV 2019, arXiv:1904.01866",
    "hinton2015": "G. Hinton, O. Vinyals, J. Dean, Distilling the Knowledge in a Neural Network, 2015, arXiv:1503.02531",
    "hong2022": "Q. Hong, J. W. Siegel, Q. Tan, J. Xu, On the Activation Function Dependence of the Spectral Bias of "
    "Neural Networks, 2022, arXiv:2208.04924",
    "howard2019": "A. Howard et al., Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244",
    "howard2020": "J. Howard, S. Gugger, fastai: A Layered API for Deep Learning, Information 11(2), 2020, arXiv:2002.04688",
    "huang2025": "A. H. Huang, I. Schlag, Deriving Activation Functions Using Integration, 2025, arXiv:2411.13010",
    "jagtap2020": "A. D. Jagtap, K. Kawaguchi, G. E. Karniadakis, Adaptive Activation Functions Accelerate Convergence "
    "in Deep and Physics-informed Neural Networks, Journal of Computational Physics 404, 2020, "
    "arXiv:1906.01170",
    "jagtap2020laaf": "A. D. Jagtap, K. Kawaguchi, G. E. Karniadakis, Locally Adaptive Activation Functions with Slope "
    "Recovery for Deep and Physics-informed Neural Networks, Proceedings of the Royal Society A 476, "
    "2020, arXiv:1909.12228",
    "jagtap2022": "A. D. Jagtap, Y. Shin, K. Kawaguchi, G. E. Karniadakis, Deep Kronecker Neural Networks: A General "
    "Framework for Neural Networks with Adaptive Activation Functions, Neurocomputing 468, 2022, "
    "arXiv:2105.09513",
    "jang2017": "E. Jang, S. Gu, B. Poole, Categorical Reparameterization with Gumbel-Softmax, ICLR 2017, arXiv:1611.01144",
    "jax_nn": "The JAX authors, jax.nn, 2018-2026",
    "jiang2018": "X. Jiang et al., Deep Neural Networks with Elastic Rectified Linear Units for Object Recognition, "
    "Neurocomputing 275, 2018",
    "jin2016": "X. Jin, C. Xu, J. Feng, Y. Wei, J. Xiong, S. Yan, Deep Learning with S-shaped Rectified Linear "
    "Activation Units, AAAI 2016, arXiv:1512.07030",
    "kanai2018": "S. Kanai et al., Sigsoftmax: Reanalysis of the Softmax Bottleneck, NeurIPS 2018, arXiv:1805.10829",
    "kaytan2023": "M. Kaytan, İ. B. Aydilek, C. Yeroğlu, Gish: a novel activation function for image classification, "
    "Neural Computing and Applications 35, 2023",
    "kilicarslan2021": "S. Kılıçarslan, M. Celik, RSigELU: A nonlinear activation function for deep neural networks, "
    "Expert Systems with Applications 174, 2021",
    "kilicarslan2023": "S. Kılıçarslan, A novel nonlinear hybrid HardSReLUE activation function in transfer learning "
    "architectures for hemorrhage classification, Multimedia Tools and Applications 82, 2023",
    "kiselak2020": "J. Kiselák, Y. Lu, J. Švihra, P. Szépe, M. Stehlík, “SPOCU”: Scaled Polynomial Constant Unit "
    "Activation Function, Neural Computing and Applications, 2020",
    "klambauer2017": "G. Klambauer et al., Self-Normalizing Neural Networks, NeurIPS 2017, arXiv:1706.02515",
    "klimek2018": "M. D. Klimek, M. Perelstein, Neural Network-Based Approach to Phase Space Integration, 2018, "
    "arXiv:1810.11509",
    "konda2015": "K. Konda, R. Memisevic, D. Krueger, Zero-bias autoencoders and the benefits of co-adapting features, "
    "ICLR 2015, arXiv:1402.3337",
    "kong2017": "S. Kong, M. Takatsuka, Hexpo: A vanishing-proof activation function, IJCNN 2017",
    "krizhevsky2010": "A. Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010",
    "kumar2022": "R. Kumar, APTx: Better Activation Function than MISH, SWISH, and ReLU's Variants used in Deep "
    "Learning, 2022, arXiv:2209.06119",
    "kunc2024": "V. Kunc, J. Kléma, Three Decades of Activations: A Comprehensive Survey of 400 Activation Functions "
    "for Neural Networks, 2024, arXiv:2402.09092",
    "kunc2024taaf": "V. Kunc, J. Kléma, Transformative Adaptive Activation Functions, 2024, arXiv:2402.09249",
    "laha2018": "A. Laha et al., On Controllable Sparse Alternatives to Softmax, NeurIPS 2018, arXiv:1810.11975",
    "lecun1998": "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, Efficient BackProp, 1998",
    "lee2023": "S.-g. Lee, W. Ping, B. Ginsburg, B. Catanzaro, S. Yoon, BigVGAN: A Universal Neural Vocoder with Large-"
    "Scale Training, ICLR 2023, arXiv:2206.04658",
    "li2014": "J.-C. Li, W. W. Y. Ng, D. S. Yeung, P. P. K. Chan, Bi-firing deep neural networks, International Journal"
    " of Machine Learning and Cybernetics 5, 2014",
    "li2018": "Y. Li, C. Fan, Y. Li, Q. Wu, Y. Ming, Improving deep neural network with Multiple Parametric Exponential"
    " Linear Units, Neurocomputing 301, 2018, arXiv:1606.00305",
    "li2019": "B. Li, S. Tang, H. Yu, Better Approximations of High Dimensional Smooth Functions by Deep Neural "
    "Networks with Rectified Power Units, 2019, arXiv:1903.05858",
    "li2022": "J. Li, H. Feng, D.-X. Zhou, SignReLU neural network and its approximation ability, 2022, arXiv:2210.10264",
    "li2024": "X. Li, Z. Xia, H. Zhang, Cauchy Activation Function and XNet, Neural Networks, 2025, arXiv:2409.19221",
    "liao2020": "Z. Liao, Trainable Activation Function in Image Classification, 2020, arXiv:2004.13271",
    "liew2016": "S. S. Liew, M. Khalil-Hani, R. Bakhteri, Bounded activation functions for enhanced training stability "
    "of deep neural networks on visual pattern recognition problems, Neurocomputing 216, 2016",
    "liu2019": "Y. Liu, J. Zhang, C. Gao, J. Qu, L. Ji, Natural-Logarithm-Rectified Activation Function in "
    "Convolutional Neural Networks, ICCC 2019, arXiv:1908.03682",
    "liu2020reactnet": "Z. Liu, Z. Shen, M. Savvides, K.-T. Cheng, ReActNet: Towards Precise Binary Neural Network with"
    " Generalized Activation Functions, ECCV 2020, arXiv:2003.03488",
    "liu2021": "X. Liu, X. Di, TanhExp: A smooth activation function with high convergence speed for lightweight neural"
    " networks, IET Computer Vision 15, 2021, arXiv:2003.09855; as TeLU: A. Fernandez, A. Mali, 2024, "
    "arXiv:2412.20269",
    "liu2024": "Z. Liu et al., KAN: Kolmogorov-Arnold Networks, 2024, arXiv:2404.19756",
    "liu2024finer": "Z. Liu et al., FINER: Flexible Spectral-bias Tuning in Implicit NEural Representation by Variable-"
    "periodic Activation Functions, CVPR 2024, arXiv:2312.02434",
    "louizos2018": "C. Louizos, M. Welling, D. P. Kingma, Learning Sparse Neural Networks through L0 Regularization, "
    "ICLR 2018, arXiv:1712.01312",
    "ma2020": "N. Ma, X. Zhang, J. Sun, Funnel Activation for Visual Recognition, ECCV 2020, arXiv:2007.11824",
    "ma2021": "N. Ma, X. Zhang, M. Liu, J. Sun, Activate or Not: Learning Customized Activation, CVPR 2021, "
    "arXiv:2009.04759",
    "ma2023": "X. Ma et al., Mega: Moving Average Equipped Gated Attention, ICLR 2023, arXiv:2209.10655",
    "maas2013": "A. L. Maas, A. Y. Hannun, A. Y. Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, "
    "ICML Workshop 2013",
    "macedo2019": "D. Macêdo, C. Zanchettin, A. L. I. Oliveira, T. Ludermir, Enhancing batch normalized convolutional "
    "networks using displaced rectifier linear units: A systematic comparative study, Expert Systems with"
    " Applications 124, 2019",
    "maguolo2021": "G. Maguolo, L. Nanni, S. Ghidoni, Ensemble of Convolutional Neural Networks Trained with Different "
    "Activation Functions, Expert Systems with Applications 166, 2021, arXiv:1905.02473",
    "maniatopoulos2021": "A. Maniatopoulos, N. Mitianoudis, Learnable Leaky ReLU (LeLeLU): An Alternative Accuracy-"
    "Optimized Activation Function, Information 12(12), 2021",
    "martins2016": "A. F. T. Martins, R. F. Astudillo, From Softmax to Sparsemax: A Sparse Model of Attention and "
    "Multi-Label Classification, ICML 2016, arXiv:1602.02068",
    "mcculloch1943": "W. S. McCulloch, W. Pitts, A logical calculus of the ideas immanent in nervous activity, Bulletin"
    " of Mathematical Biophysics 5, 1943",
    "mercioni2020": "M. A. Mercioni, S. Holban, TeLU: A New Activation Function for Deep Learning, ISETC 2020",
    "mercioni2021": "M. A. Mercioni, S. Holban, Soft-Clipping Swish: A Novel Activation Function for Deep Learning, "
    "SACI 2021",
    "miller2023": "E. Miller, Attention Is Off By One, 2023, https://www.evanmiller.org/attention-is-off-by-one.html",
    "misra2019": "D. Misra, Echo: a collection of activation functions, software, 2019, github.com/digantamisra98/Echo",
    "misra2020": "D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020, arXiv:1908.08681",
    "molina2020": "A. Molina, P. Schramowski, K. Kersting, Padé Activation Units: End-to-end Learning of Flexible "
    "Activation Functions in Deep Networks, ICLR 2020, arXiv:1907.06732",
    "nag2023": "S. Nag, M. Bhattacharyya, A. Mukherjee, R. Kundu, SERF: Towards better training of deep neural networks"
    " using log-Softplus ERror activation Function, WACV 2023, arXiv:2108.09598",
    "nair2010": "V. Nair, G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010",
    "nakanishi2025": "K. M. Nakanishi, Scalable-Softmax Is Superior for Attention, 2025, arXiv:2501.19399",
    "nanni2020": "L. Nanni, A. Lumini, S. Ghidoni, G. Maguolo, Stochastic Selection of Activation Layers for "
    "Convolutional Neural Networks, Sensors 20, 2020",
    "nasiri2021": "K. Nasiri, K. Ghiasi-Shirazi, PowerLinear Activation Functions with application to the first layer "
    "of CNNs, 2021, arXiv:2108.09256",
    "naveen2022": "P. Naveen, Phish: A Novel Hyper-Optimizable Activation Function, TechRxiv 17283824, 2022",
    "nicolae2018": "A. Nicolae, PLU: The Piecewise Linear Unit Activation Function, 2018, arXiv:1809.09534",
    "njikam2016": "A. N. S. Njikam, H. Zhao, A novel activation function for multilayer feed-forward neural networks, "
    "Applied Intelligence 45, 2016",
    "noel2021": "M. M. Noel, L. Arunkumar, A. Trivedi, P. Dutta, Growing Cosine Unit: A Novel Oscillatory Activation "
    "Function That Can Speedup Training and Reduce Parameters in Convolutional Neural Networks, 2021, "
    "arXiv:2108.12943",
    "noel2021b": "M. M. Noel et al., Biologically Inspired Oscillating Activation Functions Can Bridge the Performance "
    "Gap between Biological and Artificial Neurons, 2021, arXiv:2111.04020",
    "onnx_operators": "ONNX Operator Schemas, the standard's reference of operators, 2017-2026",
    "oord2016": "A. van den Oord et al., Conditional Image Generation with PixelCNN Decoders, NeurIPS 2016, "
    "arXiv:1606.05328",
    "openai2025": "OpenAI, gpt-oss-120b and gpt-oss-20b Model Card, 2025, arXiv:2508.10925",
    "pan2021": "Y. Pan, K. Banman, M. White, Fuzzy Tiling Activations: A Simple Approach to Learning Sparse "
    "Representations Online, ICLR 2021, arXiv:1911.08068",
    "parisi2020qrelu": "L. Parisi, D. Neagu, R. Ma, F. Campean, QReLU and m-QReLU: Two Novel Quantum Activation "
    "Functions to Aid Medical Diagnostics, 2020, arXiv:2010.08031",
    "parisi2021": "L. Parisi, R. Ma, N. RaviChandran, M. Lanzillotta, hyper-sinh: An accurate and reliable function "
    "from shallow to deep learning in TensorFlow and Keras, Machine Learning with Applications 6, 2021",
    "patwardhan2018": "N. Patwardhan, M. Ingalhalikar, R. Walambe, ARiA: Utilizing Richard's Curve for Controlling the "
    "Non-monotonicity of the Activation Function in Deep Neural Nets, 2018, arXiv:1805.08878",
    "paul2022": "A. Paul, R. Bandyopadhyay, J. H. Yoon, Z. W. Geem, R. Sarkar, SinLU: Sinu-Sigmoidal Linear Unit, "
    "Mathematics 10, 2022",
    "peters2019": "B. Peters, V. Niculae, A. F. T. Martins, Sparse Sequence-to-Sequence Models, ACL 2019, arXiv:1905.05702",
    "pishchik2023": "E. Pishchik, Trainable Activations for Image Classification, Preprints 2023, "
    "doi:10.20944/preprints202301.0463",
    "prach2023": "B. Prach, C. H. Lampert, 1-Lipschitz Neural Networks are more expressive with N-Activations, 2023, "
    "arXiv:2311.06103",
    "qian2018": "S. Qian, H. Liu, C. Liu, S. Wu, H. S. Wong, Adaptive activation functions in convolutional neural "
    "networks, Neurocomputing 272, 2018",
    "qin2019": "Y. Qin, X. Wang, J. Zou, The Optimized Deep Belief Networks With Improved Logistic Sigmoid Units and "
    "Their Application in Fault Diagnosis for Planetary Gearboxes of Wind Turbines, IEEE Transactions on "
    "Industrial Electronics 66, 2019",
    "qiu2018": "S. Qiu, X. Xu, B. Cai, FReLU: Flexible Rectified Linear Units for Improving Convolutional Neural "
    "Networks, ICPR 2018, arXiv:1706.08098",
    "rahman2023": "J. U. Rahman, F. Makhdoom, D. Lu, Amplifying Sine Unit: An Oscillatory Activation Function for Deep "
    "Neural Networks to Recover Nonlinear Oscillations Efficiently, 2023, arXiv:2304.09759",
    "rajamanoharan2024": "S. Rajamanoharan et al., Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU "
    "Sparse Autoencoders, 2024, arXiv:2407.14435",
    "rajanand2024": "A. Rajanand, P. Singh, ErfReLU: adaptive activation function for deep neural network, Pattern "
    "Analysis and Applications 27, 2024, arXiv:2306.01822",
    "ramachandran2017": "P. Ramachandran, B. Zoph, Q. V. Le, Searching for Activation Functions, 2017, arXiv:1710.05941",
    "richards1959": "F. J. Richards, A Flexible Growth Function for Empirical Use, Journal of Experimental Botany 10, 1959",
    "rodrigues2018": "W. Rodrigues, SineReLU: An Alternative to the ReLU Activation Function, 2018",
    "roy2023": "S. K. Roy, S. Manna, S. R. Dubey, B. B. Chaudhuri, LiSHT: Non-Parametric Linearly Scaled Hyperbolic "
    "Tangent Activation Function for Neural Networks, CVIP 2022, arXiv:1901.05894",
    "rozsa2019": "A. Rozsa, T. E. Boult, Improved Adversarial Robustness by Reducing Open Space Risk via Tent "
    "Activations, 2019, arXiv:1908.02435",
    "rumelhart1986": "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by back-propagating "
    "errors, Nature 323, 1986",
    "sabour2017": "S. Sabour, N. Frosst, G. E. Hinton, Dynamic Routing Between Capsules, NeurIPS 2017, arXiv:1710.09829",
    "saragadam2023": "V. Saragadam et al., WIRE: Wavelet Implicit Neural Representations, CVPR 2023, arXiv:2301.05187",
    "schutt2017": "K. T. Schütt et al., SchNet: A Continuous-filter Convolutional Neural Network for Modeling Quantum "
    "Interactions, NeurIPS 2017, arXiv:1706.08566",
    "seo2024": "Y. Seo, J. Kim, U. Park, Swish-T: Enhancing Swish Activation with Tanh Bias for Improved Neural Network"
    " Performance, 2024, arXiv:2407.01012",
    "serrano2024": "D. Serrano, J. Szymkowiak, P. Musialski, HOSC: A Periodic Activation Function for Preserving Sharp "
    "Features in Implicit Neural Representations, 2024, arXiv:2401.10967",
    "shah2023": "K. Shah, C. Sitawarin, SPDER: Semiperiodic Damping-Enabled Object Representation, 2023, arXiv:2306.15242",
    "shamir2022": "G. I. Shamir, D. Lin, Real World Large Scale Recommendation Systems Reproducibility and Smooth "
    "Activations, 2022, arXiv:2202.06499",
    "shang2016": "W. Shang et al., Understanding and Improving Convolutional Neural Networks via Concatenated Rectified"
    " Linear Units, ICML 2016, arXiv:1603.05201",
    "shazeer2017": "N. Shazeer et al., Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer,"
    " ICLR 2017, arXiv:1701.06538",
    "shazeer2020": "N. Shazeer, GLU Variants Improve Transformer, 2020, arXiv:2002.05202",
    "shen2022": "S.-L. Shen, N. Zhang, A. Zhou, Z.-Y. Yin, Enhancement of neural networks with an alternative "
    "activation function tanhLU, Expert Systems with Applications 199, 2022",
    "shridhar2019": "K. Shridhar et al., ProbAct: A Probabilistic Activation Function for Deep Neural Networks, 2019, "
    "arXiv:1905.10761",
    "singh2020": "S. Singh, S. Krishnan, Filter Response Normalization Layer: Eliminating Batch Dependence in the "
    "Training of Deep Neural Networks, CVPR 2020, arXiv:1911.09737",
    "sitzmann2020": "V. Sitzmann, J. N. P. Martel, A. W. Bergman, D. B. Lindell, G. Wetzstein, Implicit Neural "
    "Representations with Periodic Activation Functions, NeurIPS 2020, arXiv:2006.09661",
    "so2021": "D. R. So et al., Primer: Searching for Efficient Transformers for Language Modeling, NeurIPS 2021, "
    "arXiv:2109.08668",
    "srivastava2013": "R. K. Srivastava et al., Compete to Compute, NeurIPS 2013",
    "sutfeld2018": "L. R. Sütfeld, F. Brieger, H. Finger, S. Füllhase, G. Pipa, Adaptive Blending Units: Trainable "
    "Activation Functions for Deep Neural Networks, 2018, arXiv:1806.10064",
    "tang2018": "Z. Tang et al., A joint residual network with paired ReLUs activation for image super-resolution, "
    "Neurocomputing 273, 2018",
    "tavakoli2021": "M. Tavakoli, F. Agostinelli, P. Baldi, SPLASH: Learnable Activation Functions for Improving "
    "Accuracy and Adversarial Robustness, Neural Networks 140, 2021, arXiv:2006.08947",
    "trabelsi2018": "C. Trabelsi et al., Deep Complex Networks, ICLR 2018, arXiv:1705.09792",
    "trottier2017": "L. Trottier, P. Giguère, B. Chaib-draa, Parametric Exponential Linear Unit for Deep Convolutional "
    "Neural Networks, ICMLA 2017, arXiv:1605.09332",
    "turian2009": "J. Turian, J. Bergstra, Y. Bengio, Quadratic Features and Deep Architectures for Chunking, NAACL 2009",
    "vagerwal2021": "A. Vagerwal, Deeper Learning with CoLU Activation, 2021, arXiv:2112.12078",
    "valles2023": "I. Vallés-Pérez et al., Empirical study of the modulus as activation function in computer vision "
    "applications, 2023, arXiv:2301.05993",
    "virtue2017": "P. Virtue, S. X. Yu, M. Lustig, Better than Real: Complex-valued Neural Nets for MRI Fingerprinting,"
    " ICIP 2017, arXiv:1707.00070",
    "wang2019": "X. Wang, Y. Qin, Y. Wang, S. Xiang, H. Chen, ReLTanh: An activation function with vanishing gradient "
    "resistance for SAE-based DNNs and its application to rotating machinery fault diagnosis, "
    "Neurocomputing 363, 2019",
    "wang2022": "X. Wang, H. Ren, A. Wang, Smish: A Novel Activation Function for Deep Learning Methods, Electronics "
    "11(4), 540, 2022",
    "wu2020": "H. Wu, P. Judd, X. Zhang, M. Isaev, P. Micikevicius, Integer Quantization for Deep Learning Inference: "
    "Principles and Empirical Evaluation, 2020, arXiv:2004.09602",
    "wuraola2018": "A. Wuraola, N. Patel, SQNL: A New Computationally Efficient Activation Function, IJCNN 2018",
    "wuraola2021": "A. Wuraola, N. Patel, S. K. Nguang, Efficient activation functions for embedded inference engines, "
    "Neurocomputing 442, 2021",
    "xiao2019": "C. Xiao, P. Zhong, C. Zheng, Enhancing Adversarial Defense by k-Winners-Take-All, ICLR 2020, "
    "arXiv:1905.10510 (2019)",
    "xu2015": "B. Xu, N. Wang, T. Chen, M. Li, Empirical Evaluation of Rectified Activations in Convolutional Network, "
    "2015, arXiv:1505.00853",
    "xu2016": "B. Xu, R. Huang, M. Li, Revise Saturated Activation Functions, 2016, arXiv:1602.05980",
    "ying2019": "Y. Ying, J. Su, P. Shan, L. Miao, X. Wang, S. Peng, Rectified Exponential Units for Convolutional "
    "Neural Networks, IEEE Access 7, 2019",
    "yu2019sgelu": "C. Yu, Z. Su, Symmetrical Gaussian Error Linear Units (SGELUs), 2019, arXiv:1911.03925",
    "yu2020": "Y. Yu et al., RMAF: ReLU-Memristor-like Activation Function for Deep Learning, IEEE Access 8, 2020",
    "yu2024": "W. Yu et al., MetaFormer Baselines for Vision, IEEE Transactions on Pattern Analysis and Machine "
    "Intelligence 46, 2024, arXiv:2210.13452",
    "zagoruyko2017": "S. Zagoruyko, N. Komodakis, DiracNets: Training Very Deep Neural Networks Without "
    "Skip-Connections, 2017, arXiv:1706.00388",
    "zamora2022": "J. Zamora, A. D. Rhodes, L. Nachman, Fractional Adaptive Linear Units, AAAI 2022",
    "zhang2018": "G. Zhang, H. Li, Effectiveness of Scaled Exponentially-Regularized Linear Units (SERLUs), 2018, "
    "arXiv:1807.10117",
    "zhao2018": "H. Zhao, F. Liu, L. Li, A novel softplus linear unit for deep CNN, Journal of Harbin Institute of "
    "Technology 50(4), 2018",
    "zhou2018": "G. Zhou et al., Deep Interest Network for Click-Through Rate Prediction, KDD 2018, arXiv:1706.06978",
    "zhu2021": "H. Zhu, H. Zeng, J. Liu, X. Zhang, Logish: A new nonlinear nonmonotonic activation function for "
    "convolutional neural network, Neurocomputing 458, 2021",
    "zhu2021pflu": "M. Zhu, W. Min, Q. Wang, S. Zou, X. Chen, PFLU and FPFLU: Two Novel Non-monotonic Activation "
    "Functions in Convolutional Neural Networks, Neurocomputing 429, 2021",
    "zhu2025": "J. Zhu, X. Chen, K. He, Y. LeCun, Z. Liu, Transformers without Normalization, CVPR 2025, arXiv:2503.10622",
    "zhuo2024": "Z. Zhuo et al., Polynomial Composition Activations: Unleashing the Dynamics of Large Language Models, "
    "ICLR 2025, arXiv:2411.03884 (2024)",
    "ziyin2020": "L. Ziyin, T. Hartwig, M. Ueda, Neural Networks Fail to Learn Periodic Functions and How to Fix It, "
    "NeurIPS 2020, arXiv:2006.08195",
    "zuhri2025": "Z. M. K. Zuhri, E. H. Fuadi, A. F. Aji, Softpick: No Attention Sink, No Massive Activations with "
    "Rectified Softmax, 2025, arXiv:2504.20966",
}
"""Citation key -> the publication in words."""
