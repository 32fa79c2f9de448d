"""Kernels compiled for this processor through LLVM: an expression becomes vector instructions in a few milliseconds."""
