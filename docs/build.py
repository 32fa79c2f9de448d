"""Write the generated pages of the documentation: ``python -m docs.build`` (``--check`` only compares)."""

from __future__ import annotations

import sys
from pathlib import Path

from nonlin.advise.page import choosing_page
from nonlin.catalogue import definitions
from nonlin.lint.page import rules_page
from nonlin.view.errata import errata_page
from nonlin.view.pages import index_page
from nonlin.watch.manual import manual

PAGES = {
    "functions.md": lambda: index_page(definitions().values()),
    "choose.md": choosing_page,
    "errata.md": errata_page,
    "lint.md": rules_page,
    "watch.md": manual,
}


def main() -> int:
    """Write every page, or with ``--check`` report those that are out of date; return the exit code."""
    stale = 0
    for name, make in PAGES.items():
        path, text = Path(__file__).parent / name, make()
        if "--check" in sys.argv[1:]:
            same = path.exists() and path.read_text(encoding="utf-8") == text
            stale += not same
            print(f"{name}: {'up to date' if same else 'out of date; run make docs'}")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
