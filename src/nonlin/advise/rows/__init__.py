"""The rules as rows, one file per part; ``nonlin.advise.rules`` puts them together."""
