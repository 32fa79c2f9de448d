"""The definitions, one short file per family, and the table that finds them."""

from nonlin.catalogue.definition import Definition, Param, param, uniform
from nonlin.catalogue.references import REFERENCES
from nonlin.catalogue.registry import define, definitions, forget, lookup, names, resolve

__all__ = [
    "REFERENCES",
    "Definition",
    "Param",
    "define",
    "definitions",
    "forget",
    "lookup",
    "names",
    "param",
    "resolve",
    "uniform",
]
