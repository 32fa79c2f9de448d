from .cnn import build_cnn

__all__ = ["build_cnn"]
