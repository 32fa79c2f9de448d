"""Files: found, decoded, parsed, and read into networks; a file that cannot be read is a remark, never an exception."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tokenize
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from nonlin.findings import Finding, Place
from nonlin.lint.net import Net
from nonlin.lint.rules import finding
from nonlin.lint.source.arguments import words
from nonlin.lint.source.machine import Source

LARGEST = 2_000_000
"""Bytes of a file at most; programs that people write are a hundred times smaller."""
CELLS = 20_000_000
"""Bytes of a notebook at most: most of it is pictures."""
SKIPPED = words(
    "__pycache__ node_modules site-packages venv .venv env virtualenv build dist .tox .nox .eggs .git .hg .svn .mypy_cache "
    ".ruff_cache .pytest_cache .ipynb_checkpoints"
)
"""Folders that hold no programs of the person's own."""
MENTIONS = re.compile(r"\b(torch|keras|tensorflow|lightning|fastai|timm)\b")
"""Words without which a file holds no network, unless it imports one that does."""


@dataclass(frozen=True)
class Reading:
    """What was read of one file."""

    path: str
    """The file as it was given."""
    nets: tuple[Net, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Remarks about reading (NL901, NL902, NL903) and mistakes of the text itself (NL212, NL213)."""
    suppressions: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Line -> codes that are not to be reported there; an empty set means all codes, line 0 the whole file."""
    text: str = ""
    """The program; of a notebook its code cells, with what is not Python commented out."""

    def suppressed(self, found: Finding) -> bool:
        """Whether a comment on the line of a finding, on one of the lines it spans, above it, or for the file asks for silence.

        >>> reading = read_text("import torch  # nonlin: ignore[NL101] on purpose\\n")
        >>> reading.suppressions
        {1: frozenset({'NL101'})}
        """
        lines = {0} | {line for p in (found.place, *found.related) if p.file == self.path for line in _lines(p)}
        return any(self._silences(line, found.rule.code) for line in lines)

    def _silences(self, line: int, code: str) -> bool:
        codes = self.suppressions.get(line)
        return codes is not None and (not codes or code in codes)


def _lines(place: Place) -> range:
    return range(place.line, max(place.line, place.end_line) + 1) if place.line else range(0)


def files(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the Python files and notebooks among paths, folders searched to their depth, each once and in order.

    Folders of version control, virtual environments, ``node_modules`` and build results are left out; a file that is named itself
    is always taken.
    """
    found: dict[str, None] = {}
    for path in paths:
        name = os.fspath(path)
        if not os.path.isdir(name):
            found[name] = None
            continue
        for folder, inner, names in os.walk(name):
            inner[:] = sorted(d for d in inner if d not in SKIPPED and not d.startswith(".") and not _environment(folder, d))
            found.update((os.path.join(folder, n), None) for n in sorted(names) if n.endswith((".py", ".ipynb")))
    return list(found)


def _environment(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))


def read(path: str | os.PathLike[str]) -> Reading:
    """Read one file into networks. Nothing of it is executed, and nothing is raised: what cannot be read is a remark."""
    return read_all([path])[0]


def read_text(text: str, name: str = "<text>") -> Reading:
    """Read a program given as text.

    >>> reading = read_text("from torch import nn\\nmodel = nn.Sequential(nn.Linear(3, 4), nn.ReLU())\\n")
    >>> [node.op for node in reading.nets[0].nodes]
    ['input', 'linear', 'activation']
    """
    return _read([(name, _cells(text, name) if name.endswith(".ipynb") else text)])[0]


def read_all(paths: Sequence[str | os.PathLike[str]]) -> list[Reading]:
    """Read files that belong together: what one imports from another is followed. Folders are searched by :func:`files` first."""
    return _read([_opened(os.fspath(p)) for p in paths])


Opened = tuple[str, str | Finding]


def _remark(code: str, message: str, name: str, line: int = 0) -> Finding:
    return finding(code, message, Place("", name, line))


def _opened(name: str) -> Opened:
    """The text of a file, or the remark that says why there is none."""
    try:
        if os.path.isdir(name):
            return name, _remark("NL901", f"{name} is a folder; its files are read one by one.", name)
        size, most = os.path.getsize(name), CELLS if name.endswith(".ipynb") else LARGEST
        if size > most:
            return name, _remark("NL901", f"{name} has {size:,} bytes; files of more than {most:,} are not read.", name)
        raw = Path(name).read_bytes()
    except (OSError, ValueError) as error:
        return name, _remark("NL901", f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}.", name)
    if b"\0" in raw[:8192]:
        return name, _remark("NL901", f"{name} is no text file.", name)
    try:
        encoding = "utf-8" if name.endswith(".ipynb") else tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
        text = raw.decode(encoding).removeprefix("\ufeff")
    except (SyntaxError, LookupError, UnicodeDecodeError):
        text = raw.decode("latin-1")
    return name, _cells(text, name) if name.endswith(".ipynb") else text


def _cells(text: str, name: str) -> str | Finding:
    """The code of a notebook, its lines numbered through, with magics and shell lines commented out."""
    try:
        book = json.loads(text)
        cells = book.get("cells")
        if cells is None:
            cells = [c for sheet in book.get("worksheets", []) for c in sheet.get("cells", [])]
        parts = []
        for cell in cells:
            if cell.get("cell_type") == "code":
                source = cell.get("source", cell.get("input", ""))
                parts.append(_tamed("".join(source) if isinstance(source, list) else str(source)))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return _remark("NL901", f"{name} is no notebook: its JSON cannot be read.", name)
    return "\n".join(parts) + "\n"


def _tamed(cell: str) -> str:
    """A cell with lines that only IPython understands turned into comments; a cell of another language entirely."""
    lines = cell.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(("%%time", "%%capture", "%%timeit")):
        return "\n".join("# " + line for line in lines)
    tamed = []
    for line in lines:
        word = line.lstrip()
        indent = line[: len(line) - len(word)]
        odd = (
            word.startswith(("%", "!", "?"))
            or (word.endswith("?") and not word.startswith("#"))
            or re.match(r"\w+\s*=\s*[!%]", word)
        )
        tamed.append(f"{indent}pass  # {word}" if odd else line)
    try:
        _parsed("\n".join(tamed))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join("# " + line for line in lines)
    return "\n".join(tamed)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a program's own odd escapes are not our business
        return ast.parse(text)


def _read(opened: list[Opened]) -> list[Reading]:
    from nonlin.lint.source.world import explore

    sources: dict[str, Source] = {}
    remarks: dict[str, list[Finding]] = {name: [] for name, _ in opened}
    texts: dict[str, str] = {}
    for name, text in opened:
        if isinstance(text, Finding):
            remarks[name].append(text)
            continue
        texts[name] = text
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        try:
            tree = _parsed(plain)
        except SyntaxError as error:
            remarks[name].append(_remark("NL902", _syntax(name, plain, error), name, error.lineno or 0))
        except (ValueError, RecursionError, MemoryError):
            remarks[name].append(_remark("NL901", f"{name} is too deeply nested to be parsed.", name))
        else:
            sources[name] = Source(name, plain, tree, _module(name), relevant=bool(MENTIONS.search(plain)))
    _relate(list(sources.values()))
    found = explore(_by_module(list(sources.values())), list(sources.values()))
    return [
        Reading(
            name, tuple(found[name].nets) if name in found else (), (*remarks[name], *(found[name].findings if name in found else ())),
            suppressions(texts.get(name, "")), texts.get(name, ""),
        )
        for name, _ in opened
    ]  # fmt: skip


def _syntax(name: str, text: str, error: SyntaxError) -> str:
    if re.search(r"^\s*print\s+[\"'\w]", text, re.MULTILINE) or re.search(
        r"^\s*except\s+\w+\s*,\s*\w+\s*:", text, re.MULTILINE
    ):
        return f"{name} is written for Python 2, which is not read. 2to3 or a newer version of the program may help."
    return f"{name} cannot be parsed: {error.msg}."


def _module(name: str) -> str:
    """What a file is imported as: its path with dots."""
    parts = [p for p in PurePath(name).with_suffix("").parts if p not in (os.sep, ".", "..")]
    if parts and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def _by_module(sources: list[Source]) -> dict[str, Source]:
    """Files by module name, and by every ending of it (after ``*.``) that only one file has."""
    found = {s.module: s for s in sources}
    endings: dict[str, list[Source]] = {}
    for source in sources:
        parts = source.module.split(".")
        for start in range(len(parts)):
            endings.setdefault("*." + ".".join(parts[start:]), []).append(source)
    found.update({name: several[0] for name, several in endings.items() if len(several) == 1})
    return found


IMPORTED = re.compile(r"^\s*(?:from\s+([.\w]+)\s+import|import\s+([\w., ]+))", re.MULTILINE)


def _relate(sources: list[Source]) -> None:
    """Count a file as relevant where it imports, by its last name, one that is."""
    names = {s.name: {w for m in IMPORTED.findall(s.text) for p in m for w in re.split(r"[.,\s]+", p) if w} for s in sources}
    changed = True
    while changed:
        changed = False
        wanted = {s.module.rpartition(".")[2] for s in sources if s.relevant}
        for source in sources:
            if not source.relevant and names[source.name] & wanted:
                source.relevant = changed = True


# -- comments

COMMENT = re.compile(r"#\s*nonlin:\s*ignore(-file)?\s*(?:\[([\w\s,]*)\])?")


def suppressions(text: str) -> dict[int, frozenset[str]]:
    """Return the lines on which findings are not to be reported, and which.

    A comment ``# nonlin: ignore[NL101,NL102] reason`` speaks for its line, or, standing alone, for the next line of program;
    without codes it means all. ``# nonlin: ignore-file[...]`` speaks for the file (line 0).

    >>> suppressions("# nonlin: ignore[NL101] it is a gate\\nx = 1\\n")
    {1: frozenset({'NL101'}), 2: frozenset({'NL101'})}
    """
    found: dict[int, frozenset[str]] = {}
    if "nonlin:" not in text:
        return found
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for at, line in enumerate(lines, 1):
        match = COMMENT.search(line)
        if match is None:
            continue
        codes = frozenset(code.strip().upper() for code in (match[2] or "").split(",") if code.strip())
        speaks_for = [0] if match[1] else [at]
        if not match[1] and line.lstrip().startswith("#"):
            below = next(
                (i for i, other in enumerate(lines[at:], at + 1) if other.strip() and not other.lstrip().startswith("#")),
                None,
            )
            speaks_for += [below] if below is not None else []
        for number in speaks_for:
            old = found.get(number)
            found[number] = codes if old is None else frozenset() if not old or not codes else old | codes
    return found
