"""What every test needs before a framework is imported."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras would take TensorFlow, which is not part of the development install
os.environ.setdefault("JAX_PLATFORMS", "cpu")
