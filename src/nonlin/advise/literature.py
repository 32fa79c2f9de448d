"""The works that rows cite and no function of the catalogue does; ``cited`` finds a work in either table."""

from __future__ import annotations

from nonlin.catalogue import REFERENCES

__all__ = ["WORKS", "author_year", "cited"]

WORKS: dict[str, str] = {
    "andrychowicz2021": "M. Andrychowicz et al., What Matters for On-Policy Deep Actor-Critic Methods? A Large-Scale Study, ICLR 2021, "
    "arXiv:2006.05990",
    "ba2016": "J. L. Ba, J. R. Kiros, G. E. Hinton, Layer Normalization, 2016, arXiv:1607.06450",
    "bhatt2024": "A. Bhatt et al., CrossQ: Batch Normalization in Deep Reinforcement Learning for Greater Sample Efficiency and Simplicity, "
    "ICLR 2024, arXiv:1902.05605",
    "bochkovskiy2020": "A. Bochkovskiy, C.-Y. Wang, H.-Y. M. Liao, YOLOv4: Optimal Speed and Accuracy of Object Detection, "
    "2020, arXiv:2004.10934",
    "brock2019": "A. Brock, J. Donahue, K. Simonyan, Large Scale GAN Training for High Fidelity Natural Image Synthesis, ICLR 2019, "
    "arXiv:1809.11096",
    "brock2021": "A. Brock, S. De, S. L. Smith, K. Simonyan, High-Performance Large-Scale Image Recognition Without Normalization, ICML 2021, "
    "arXiv:2102.06171",
    "devlin2019": "J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, BERT: Pre-training of Deep Bidirectional Transformers for Language "
    "Understanding, NAACL 2019, arXiv:1810.04805",
    "dosovitskiy2021": "A. Dosovitskiy et al., An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, ICLR 2021, "
    "arXiv:2010.11929",
    "fujimoto2018": "S. Fujimoto, H. van Hoof, D. Meger, Addressing Function Approximation Error in Actor-Critic Methods, ICML 2018, "
    "arXiv:1802.09477",
    "gal2016": "Y. Gal, Z. Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, NeurIPS 2016, "
    "arXiv:1512.05287",
    "gallici2025": "M. Gallici et al., Simplifying Deep Temporal Difference Learning, ICLR 2025, arXiv:2407.04811",
    "ge2021": "Z. Ge, S. Liu, F. Wang, Z. Li, J. Sun, YOLOX: Exceeding YOLO Series in 2021, 2021, arXiv:2107.08430",
    "glorot2010": "X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010",
    "glorot2011": "X. Glorot, A. Bordes, Y. Bengio, Deep Sparse Rectifier Neural Networks, AISTATS 2011",
    "goodfellow2014": "I. Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, arXiv:1406.2661",
    "goodfellow2016": "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press 2016",
    "gorishniy2021": "Y. Gorishniy, I. Rubachev, V. Khrulkov, A. Babenko, Revisiting Deep Learning Models for Tabular Data, NeurIPS 2021, "
    "arXiv:2106.11959",
    "goyal2017": "P. Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017, arXiv:1706.02677",
    "greff2017": "K. Greff, R. K. Srivastava, J. Koutník, B. R. Steunebrink, J. Schmidhuber, LSTM: A Search Space Odyssey, IEEE Transactions on "
    "Neural Networks and Learning Systems 28, 2017, arXiv:1503.04069",
    "gulati2020": "A. Gulati et al., Conformer: Convolution-augmented Transformer for Speech Recognition, Interspeech 2020, arXiv:2005.08100",
    "gulrajani2017": "I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, Improved Training of Wasserstein GANs, NeurIPS 2017, "
    "arXiv:1704.00028",
    "haarnoja2018": "T. Haarnoja, A. Zhou, P. Abbeel, S. Levine, Soft Actor-Critic: Off-Policy Maximum Entropy Deep Reinforcement Learning "
    "with a "
    "Stochastic Actor, ICML 2018, arXiv:1801.01290",
    "hayou2019": "S. Hayou, A. Doucet, J. Rousseau, On the Impact of the Activation Function on Deep Neural Networks Training, ICML 2019, "
    "arXiv:1902.06853",
    "he2016": "K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, CVPR 2016, arXiv:1512.03385",
    "he2016identity": "K. He, X. Zhang, S. Ren, J. Sun, Identity Mappings in Deep Residual Networks, ECCV 2016, arXiv:1603.05027",
    "he2017": "X. He, L. Liao, H. Zhang, L. Nie, X. Hu, T.-S. Chua, Neural Collaborative Filtering, WWW 2017, arXiv:1708.05031",
    "hiraoka2022": "T. Hiraoka, T. Imagawa, T. Hashimoto, T. Onishi, Y. Tsuruoka, Dropout Q-Functions for Doubly Efficient Reinforcement "
    "Learning, ICLR 2022, arXiv:2110.02034",
    "ho2020": "J. Ho, A. Jain, P. Abbeel, Denoising Diffusion Probabilistic Models, NeurIPS 2020, arXiv:2006.11239",
    "hochreiter1997": "S. Hochreiter, J. Schmidhuber, Long Short-Term Memory, Neural Computation 9, 1997",
    "huang2016": "G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Q. Weinberger, Deep Networks with Stochastic Depth, ECCV 2016, arXiv:1603.09382",
    "ioffe2015": "S. Ioffe, C. Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift, ICML "
    "2015, arXiv:1502.03167",
    "isensee2021": "F. Isensee et al., nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation, "
    "Nature Methods 18, 2021, arXiv:1904.08128",
    "jacob2018": "B. Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018, "
    "arXiv:1712.05877",
    "jocher2021": "G. Jocher et al., ultralytics/yolov5: v4.0 - nn.SiLU() activations, 2021, doi:10.5281/zenodo.4418161",
    "jozefowicz2015": "R. Jozefowicz, W. Zaremba, I. Sutskever, An Empirical Exploration of Recurrent Network Architectures, ICML 2015",
    "karras2019": "T. Karras, S. Laine, T. Aila, A Style-Based Generator Architecture for Generative Adversarial Networks, CVPR 2019, "
    "arXiv:1812.04948",
    "kim2021": "S. Kim, A. Gholami, Z. Yao, M. W. Mahoney, K. Keutzer, I-BERT: Integer-only BERT Quantization, ICML 2021, arXiv:2101.01321",
    "kingma2014": "D. P. Kingma, M. Welling, Auto-Encoding Variational Bayes, ICLR 2014, arXiv:1312.6114",
    "krizhevsky2012": "A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet Classification with Deep Convolutional Neural "
    "Networks, NeurIPS 2012",
    "kuchaiev2017": "O. Kuchaiev, B. Ginsburg, Training Deep AutoEncoders for Collaborative Filtering, 2017, arXiv:1708.01715",
    "le2015": "Q. V. Le, N. Jaitly, G. E. Hinton, A Simple Way to Initialize Recurrent Networks of Rectified Linear Units, 2015, "
    "arXiv:1504.00941",
    "li2019dropout": "X. Li, S. Chen, X. Hu, J. Yang, Understanding the Disharmony between Dropout and Batch Normalization by Variance "
    "Shift, CVPR "
    "2019, arXiv:1801.05134",
    "lillicrap2016": "T. P. Lillicrap et al., Continuous control with deep reinforcement learning, ICLR 2016, arXiv:1509.02971",
    "liu2022": "Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell, S. Xie, A ConvNet for the 2020s, CVPR 2022, arXiv:2201.03545",
    "lu2020": "L. Lu, Y. Shin, Y. Su, G. E. Karniadakis, Dying ReLU and Initialization: Theory and Numerical Examples, Communications in "
    "Computational Physics 28, 2020, arXiv:1903.06733",
    "martens2021": "J. Martens et al., Rapid training of deep neural networks without skip connections or normalization layers using Deep "
    "Kernel "
    "Shaping, 2021, arXiv:2110.01765",
    "milletari2016": "F. Milletari, N. Navab, S.-A. Ahmadi, V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image "
    "Segmentation, "
    "3DV 2016, arXiv:1606.04797",
    "mirzadeh2024": "I. Mirzadeh et al., ReLU Strikes Back: Exploiting Activation Sparsity in Large Language Models, ICLR "
    "2024, arXiv:2310.04564",
    "miyato2018": "T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, Spectral Normalization for Generative Adversarial Networks, ICLR 2018, "
    "arXiv:1802.05957",
    "mnih2015": "V. Mnih et al., Human-level control through deep reinforcement learning, Nature 518, 2015",
    "nagel2019": "M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, Data-Free Quantization Through Weight Equalization and Bias Correction, "
    "ICCV 2019, arXiv:1906.04721",
    "narang2021": "S. Narang et al., Do Transformer Modifications Transfer Across Implementations and Applications?, EMNLP 2021, "
    "arXiv:2102.11972",
    "pascanu2013": "R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013, arXiv:1211.5063",
    "peebles2023": "W. Peebles, S. Xie, Scalable Diffusion Models with Transformers, ICCV 2023, arXiv:2212.09748",
    "pytorch_docs": "PyTorch documentation (docs.pytorch.org): torch.nn losses, torch.nn.init, nn.SELU and nn.AlphaDropout",
    "radford2016": "A. Radford, L. Metz, S. Chintala, Unsupervised Representation Learning with Deep Convolutional Generative Adversarial "
    "Networks, ICLR 2016, arXiv:1511.06434",
    "radford2019": "A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, Language Models are Unsupervised Multitask Learners, 2019",
    "raffel2020": "C. Raffel et al., Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer, JMLR 21, 2020, "
    "arXiv:1910.10683",
    "raissi2019": "M. Raissi, P. Perdikaris, G. E. Karniadakis, Physics-informed neural networks, Journal of Computational Physics 378, 2019",
    "ronneberger2015": "O. Ronneberger, P. Fischer, T. Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI 2015, "
    "arXiv:1505.04597",
    "sandler2018": "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018, "
    "arXiv:1801.04381",
    "santurkar2018": "S. Santurkar, D. Tsipras, A. Ilyas, A. Madry, How Does Batch Normalization Help Optimization?, "
    "NeurIPS 2018, arXiv:1805.11604",
    "saxe2014": "A. M. Saxe, J. L. McClelland, S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural "
    "networks, ICLR 2014, arXiv:1312.6120",
    "schoenholz2017": "S. S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein, Deep Information Propagation, ICLR 2017, arXiv:1611.01232",
    "srivastava2014": "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, Dropout: A Simple Way to Prevent Neural "
    "Networks "
    "from Overfitting, JMLR 15, 2014",
    "t5_1_1": "T5 1.1 release notes (google-research/text-to-text-transfer-transformer, released_checkpoints.md): GEGLU, and no dropout in "
    "pre-training",
    "tan2019": "M. Tan, Q. V. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019, arXiv:1905.11946",
    "tflite_kernels": "TensorFlow Lite kernels (tensorflow/tensorflow, tensorflow/lite/kernels/activations.cc): tables for 8-bit activations",
    "touvron2023": "H. Touvron et al., LLaMA: Open and Efficient Foundation Language Models, 2023, arXiv:2302.13971",
    "vaswani2017": "A. Vaswani et al., Attention Is All You Need, NeurIPS 2017, arXiv:1706.03762",
    "xiong2020": "R. Xiong et al., On Layer Normalization in the Transformer Architecture, ICML 2020, arXiv:2002.04745",
    "zaremba2014": "W. Zaremba, I. Sutskever, O. Vinyals, Recurrent Neural Network Regularization, 2014, arXiv:1409.2329",
    "zhang2019": "B. Zhang, R. Sennrich, Root Mean Square Layer Normalization, NeurIPS 2019, arXiv:1910.07467",
    "zhang2022": "G. Zhang, A. Botev, J. Martens, Deep Learning without Shortcuts: Shaping the Kernel with Tailored Rectifiers, ICLR 2022, "
    "arXiv:2203.08120",
    "zhao2017": "H. Zhao, O. Gallo, I. Frosio, J. Kautz, Loss Functions for Image Restoration with Neural Networks, IEEE Transactions on "
    "Computational Imaging 3, 2017, arXiv:1511.08861",
}  # fmt: skip
"""Citation key -> authors, title, where, and how to find it, as in the catalogue's table of references."""


def cited(key: str) -> str:
    """Return a work by its key, from the catalogue's references or from those of the rows.

    Raises:
        KeyError: neither table has it.

    >>> cited("glorot2010").partition(",")[0]
    'X. Glorot'
    """
    return WORKS[key] if key in WORKS else REFERENCES[key]


_TWIN = {"he2016identity": ", identity mappings"}
"""What tells a work from another of the same authors and year."""


def author_year(key: str) -> str:
    """Return a work in short, as a sentence names it.

    >>> author_year("he2016identity"), author_year("glorot2010"), author_year("pytorch_docs")
    ('He et al. 2016, identity mappings', 'Glorot and Bengio 2010', 'PyTorch documentation')
    """
    import re

    text, year = cited(key), re.search(r"(\d{4})", key)
    if year is None:
        return text.partition(" (")[0].partition(":")[0].partition(",")[0]
    names = []
    for part in text.split(", "):
        first = re.match(r"(?:[A-ZÉ][\w.]*[.-] ?(?:-?[A-Z]\. ?)*)+(?:(?:van|den|de|von) )*([^ ,.]+.*)$", part)
        if first is None or ("." not in part):
            break
        names.append(first.group(1).strip())
    if not names:
        return f"{text.partition(',')[0]} {year.group(1)}"
    etal = " et al" in names[0] or len(names) > 2
    title = _TWIN.get(key, "")
    who = names[0].replace(" et al.", "").replace(" et al", "")
    return f"{who}{' et al.' if etal else f' and {names[1]}' if len(names) == 2 else ''} {year.group(1)}{title}"
