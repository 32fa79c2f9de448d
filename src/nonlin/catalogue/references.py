"""The literature: citation key -> authors, title, where, and how to find it. One row per work."""

REFERENCES: dict[str, str] = {
    "bridle1990": "J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990",
    "clevert2016": "D.-A. Clevert, T. Unterthiner, S. Hochreiter, Fast and Accurate Deep Network Learning by Exponential "
    "Linear Units (ELUs), ICLR 2016, arXiv:1511.07289",
    "barron2017": "J. T. Barron, Continuously Differentiable Exponential Linear Units, 2017, arXiv:1704.07483",
    "collobert2004": "R. Collobert, Large Scale Machine Learning, PhD thesis, Université Paris VI, 2004",
    "dugas2000": "C. Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, NeurIPS 2000",
    "elfwing2018": "S. Elfwing, E. Uchibe, K. Doya, Sigmoid-Weighted Linear Units for Neural Network Function "
    "Approximation in Reinforcement Learning, Neural Networks 107, 2018, arXiv:1702.03118",
    "goodfellow2013": "I. Goodfellow et al., Maxout Networks, ICML 2013, arXiv:1302.4389",
    "he2015": "K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, ICCV 2015, arXiv:1502.01852",
    "hendrycks2016": "D. Hendrycks, K. Gimpel, Gaussian Error Linear Units (GELUs), 2016, arXiv:1606.08415",
    "howard2019": "A. Howard et al., Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244",
    "klambauer2017": "G. Klambauer et al., Self-Normalizing Neural Networks, NeurIPS 2017, arXiv:1706.02515",
    "krizhevsky2010": "A. Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010",
    "lecun1998": "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, Efficient BackProp, 1998",
    "maas2013": "A. L. Maas, A. Y. Hannun, A. Y. Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, "
    "ICML Workshop 2013",
    "misra2020": "D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020, arXiv:1908.08681",
    "nair2010": "V. Nair, G. E. Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, ICML 2010",
    "ramachandran2017": "P. Ramachandran, B. Zoph, Q. V. Le, Searching for Activation Functions, 2017, arXiv:1710.05941",
    "rumelhart1986": "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by back-propagating errors, "
    "Nature 323, 1986",
    "turian2009": "J. Turian, J. Bergstra, Y. Bengio, Quadratic Features and Deep Architectures for Chunking, NAACL 2009",
    "xu2015": "B. Xu, N. Wang, T. Chen, M. Li, Empirical Evaluation of Rectified Activations in Convolutional Network, "
    "2015, arXiv:1505.00853",
}
