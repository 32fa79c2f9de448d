"""Build the site: ``python -m docs.site``. Pages of functions and of public names are made first, by several processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from nonlin.catalogue import definitions
from nonlin.facts import all_facts
from nonlin.view.pages import EXPLORER, function_page

HERE = Path(__file__).parent
OUTPUT = HERE / "_build"
REPOSITORY = "https://github.com/nonlin/nonlin/"


def write(path: Path, text: str) -> None:
    """Write a page, unless it is there as it should be: Sphinx reads again only what changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def page_of(name: str) -> tuple[str, str]:
    """Return a function's name and the text of its page; what a worker does.

    The pages are orphans, in no table of contents: one of 460 entries beside every page doubled the time and helped nobody.
    """
    return name, f"---\norphan: true\n---\n\n{function_page(definitions()[name])}"


def function_pages(names: list[str], folder: Path, workers: int) -> None:
    """Write the page of each function into ``functions/``; remove those of functions that are no more."""
    folder.mkdir(exist_ok=True)
    all_facts()  # into the cache on disk, from which the workers and the explorer take them
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=all_facts) as pool:
        for name, text in pool.map(page_of, names, chunksize=8):
            write(folder / f"{name}.md", text)
    for old in folder.glob("*.md"):
        if old.stem not in names:
            old.unlink()


def reference(folder: Path) -> None:
    """Write the pages of public names into ``api/``."""
    from docs.autodoc import pages

    made = pages()
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        write(folder / name, text)


def explorer(folder: Path) -> None:
    """Put the explorer beside the pages, where those of functions look for it."""
    subprocess.run([sys.executable, "-m", "nonlin.cli", "explore", "--quiet", "-o", str(folder / EXPLORER)], check=True)


def main() -> int:
    """Make the pages, run Sphinx over them with warnings as errors, and say how long each took; return the exit code."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    started = time.monotonic()
    reference(HERE / "api")
    function_pages(list(definitions()), HERE / "functions", workers)
    made = time.monotonic()
    print(f"pages: {made - started:.0f} s", flush=True)
    shutil.rmtree(OUTPUT / "html", ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", str(workers), "-b", "html",
               "-d", str(OUTPUT / "doctrees"), str(HERE), str(OUTPUT / "html")]  # fmt: skip
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        explorer(OUTPUT / "html")
        print(f"site: {time.monotonic() - made:.0f} s, {OUTPUT / 'html' / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
