"""The definitions, one short file per family, and the table that finds them."""

from nonlin.catalogue.definition import EVIDENCE, KINDS, LAW_WORDS, LAWS, Definition, Param, noise, param, parts
from nonlin.catalogue.references import REFERENCES
from nonlin.catalogue.registry import bearers, define, definitions, forget, lookup, matching, names, resolve

__all__ = [
    "EVIDENCE",
    "KINDS",
    "LAWS",
    "LAW_WORDS",
    "REFERENCES",
    "Definition",
    "Param",
    "bearers",
    "define",
    "definitions",
    "forget",
    "lookup",
    "matching",
    "names",
    "noise",
    "param",
    "parts",
    "resolve",
]
