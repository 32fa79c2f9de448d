"""Findings that are known already: a file of fingerprints that stay the same when lines move."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nonlin.errors import DataError
from nonlin.findings import Finding
from nonlin.lint.spots import line_of, relative

_FORMAT = "nonlin-lint-baseline"
_VERSION = 1


def fingerprints(findings: Sequence[Finding], texts: Mapping[str, str]) -> list[str]:
    """Return a fingerprint for each finding: 16 hex digits of its rule, file, layer, and the words of its line.

    The line's number takes no part, so that code above may come and go; findings that are equal otherwise are counted.

    Args:
        findings: what was found, in an order that does not depend on line numbers alone.
        texts: the text of each file by its path, as the findings name it; a finding elsewhere goes without its line.
    """
    seen: Counter[str] = Counter()
    made = []
    for found in findings:
        place = found.place
        words = " ".join(line_of(texts.get(place.file, ""), place.line).split())
        key = "\n".join((found.rule.code, relative(place.file), place.layer, words or _plain(found.message)))
        made.append(hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:16])
        seen[key] += 1
    return made


def _plain(message: str) -> str:
    """A message without its numbers, which change with the data."""
    return "".join(letter for letter in message if not letter.isdigit())


def write_baseline(path: Path, findings: Sequence[Finding], texts: Mapping[str, str]) -> None:
    """Write the findings of now, so that only new ones are reported from now on.

    Raises:
        DataError: the file cannot be written.
    """
    rows = [
        {
            "fingerprint": mark,
            "code": f.rule.code,
            "file": relative(f.place.file),
            "layer": f.place.layer,
            "message": f.message,
        }
        for mark, f in zip(fingerprints(findings, texts), findings, strict=True)
    ]
    rows.sort(key=lambda row: (row["file"], row["code"], row["fingerprint"]))
    text = json.dumps({"format": _FORMAT, "version": _VERSION, "findings": rows}, indent=1, ensure_ascii=False) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"the baseline {str(path)!r} cannot be written: {error.strerror or error}") from error


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints of a baseline file.

    Raises:
        DataError: there is no such file, or it is none of ours.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"there is no baseline {str(path)!r}; write one with --write-baseline {path}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"the baseline {str(path)!r} cannot be read: {error}") from error
    rows = held.get("findings") if isinstance(held, dict) and held.get("format") == _FORMAT else None
    if not isinstance(rows, list) or held.get("version") != _VERSION:
        raise DataError(
            f"{str(path)!r} is no baseline of this version of nonlin; write it anew with --write-baseline {path}"
        )
    return frozenset(str(row.get("fingerprint")) for row in rows if isinstance(row, dict))


def without_known(findings: Sequence[Finding], known: Iterable[str], texts: Mapping[str, str]) -> list[Finding]:
    """Return the findings whose fingerprints are not in a baseline."""
    marks = frozenset(known)
    return [f for mark, f in zip(fingerprints(findings, texts), findings, strict=True) if mark not in marks]
