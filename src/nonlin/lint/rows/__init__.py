"""The rules as rows, one file per group; ``nonlin.lint.rules`` puts them together."""
