"""The reader of live models: a ``torch.nn.Module`` (or Keras model), a loss and one batch become a :class:`nonlin.lint.net.Net`.

The graph comes from the first of two ways that reads everything: torch.fx traces the forward on proxies (also that of a program
of torch.export), or the model is run once on the batch and its calls are recorded. ``Net.reader`` says which it was.
"""

from __future__ import annotations

from nonlin.lint.model.reading import read

__all__ = ["read"]
