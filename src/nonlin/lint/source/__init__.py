"""Networks read from program text: PyTorch and Keras, by Python's ast alone. Nothing is imported and nothing is executed."""

from nonlin.lint.source.fixing import fix
from nonlin.lint.source.reading import Reading, files, read, read_all, read_text

__all__ = ["Reading", "files", "fix", "read", "read_all", "read_text"]
