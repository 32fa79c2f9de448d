"""Files of every kind are read or remarked on, never an exception; comments silence; files import each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nonlin.findings import Finding
from nonlin.lint.rules import finding
from nonlin.lint.source import Reading, files, read, read_all, read_text

SOFT = """
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
    def forward(self, x):
        return self.fc(x).softmax(dim=1)
"""


def codes(reading: Reading) -> list[str]:
    return [f.rule.code for f in reading.findings]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.py", b"", None),
        ("blank.py", b"\n\n  \n", None),
        ("bom.py", b"\xef\xbb\xbfimport torch\n", None),
        ("latin.py", b"# -*- coding: latin-1 -*-\n# caf\xe9\nimport torch\n", None),
        ("latin_undeclared.py", b"# caf\xe9\nimport torch\n", None),
        ("crlf.py", b"import torch\r\nx = 1\r\n", None),
        ("binary.py", bytes(range(256)) * 8, "NL901"),
        ("broken.py", b"import torch\ndef f(:\n", "NL902"),
        ("python2.py", b"import keras\nprint 'hello'\n", "NL902"),
        ("exec2.py", b"try:\n    pass\nexcept IOError, e:\n    pass\n", "NL902"),
        ("tabs.py", b"if 1:\n\tx=1\n        y=2\n", "NL902"),
        ("null.py", b"x = 1\0\n", "NL901"),
        ("nested.py", b"import torch\nx = " + b"(" * 400 + b"1" + b")" * 400, "NL90"),
        ("deep.py", b"import torch\nx = " + b"-" * 20000 + b"1\n", "NL90"),
        ("chain.py", b"import torch\nx = " + b" + ".join([b"y"] * 3000) + b"\n", ""),
        ("book.ipynb", b"{not json", "NL901"),
        ("list.ipynb", b"[1, 2]", "NL901"),
        ("cells.ipynb", b'{"cells": [1, 2]}', "NL901"),
        ("empty.ipynb", b'{"cells": []}', None),
        ("recursion.py", b"import torch\ndef f(x):\n    return f(f(x))\ny = f(torch.relu(z))\n", None),
        ("self.py", b"import torch\nfrom self import *\nimport self\nx = self.x\n", None),
        ("power.py", b"import torch\nx = 9 ** 9 ** 9 ** 9\ny = 'a' * 10 ** 12\nz = [0] * 10 ** 12\nw = 1 << 10 ** 9\n", None),
        ("doubled.py", b"import torch\nx, s, t = [1], 'a', (1,)\nfor i in range(60):\n    x += x\n    x = x + x\n    s = s + s\n    t = t + t\n"
                       b"    s = f'{s}{s}'\n    x.extend(x)\n    x.append(x)\n", None),
        ("nest.py", b"import torch\nx = [1]\nd = {}\nl = torch.nn.Linear(2, 3)\nfor i in range(60):\n    x = [x, x]\n"
                    b"    d = {1: d, 2: d}\n    l = torch.nn.Sequential(l, l)\ny = torch.tensor(x)\n"
                    b"z = x == d\nif x in [x, d]:\n    pass\nw = x * 2\nq = l(y)\n", "NL903"),
        ("format.py", b"import torch\nx = '%1000000000d' % 3\ny = f'{3:1000000000}'\n", None),
        ("loop.py", b"import torch\nwhile True:\n    x = torch.relu(y)\nfor i in range(10 ** 12):\n    pass\n", None),
        ("odd.py", b"import torch\ntorch.nn.Linear()()\ntorch.relu()\n(lambda: 0)(1, 2, *3, **4)\nx.y.z[1:2, ...] = 1\n", None),
        ("clash.py", b"import torch\nclass A(A): pass\nclass B(C): pass\nclass C(B): pass\nclass D(D.x, metaclass=q): pass\nA()()\n", None),
    ],
)  # fmt: skip
def test_no_file_raises(tmp_path: Path, name: str, content: bytes, code: str | None) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    reading = read(path)
    assert reading.path == str(path)
    if code is None:
        assert codes(reading) == []
    else:
        assert all(c.startswith(code or "NL90") for c in codes(reading))
        assert bool(codes(reading)) or code in ("", "NL90")
    assert all(f.severity.word == "info" and f.message.endswith(".") for f in reading.findings)


def test_missing_folder_and_large_files_are_remarks(tmp_path: Path) -> None:
    large = tmp_path / "large.py"
    large.write_bytes(b"#" * 2_000_001)
    said = [read(p).findings[0].message for p in (tmp_path / "none.py", tmp_path, large)]
    assert "cannot be opened" in said[0] and "is a folder" in said[1] and "2,000,001 bytes" in said[2]


def test_python_2_is_named() -> None:
    assert "Python 2" in read_text("print 'x'\n").findings[0].message
    assert "Python 2" not in read_text("def f(:\n").findings[0].message


def test_a_program_too_large_to_follow_says_so() -> None:
    text = "import torch\n" + "def f0(x):\n    return torch.relu(x)\n"
    text += (
        "".join(f"def f{i}(x):\n    return f{i - 1}(x) + f{i - 1}(x) + f{i - 1}(x)\n" for i in range(1, 20))
        + "f19(torch.relu(q))\n"
    )
    started = time.perf_counter()
    reading = read_text(text)
    assert codes(reading) == ["NL903"] and "too large" in reading.findings[0].message
    assert time.perf_counter() - started < 20


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["# title"]}, *made], "nbformat": 4})


def test_notebooks_with_magics_and_shell_lines(tmp_path: Path) -> None:
    book = tmp_path / "a.ipynb"
    shell = "%matplotlib inline\n!pip install torch\nfiles = !ls\n?len\nif 1:\n    !ls\n"
    last = "model = Net()\nloss = nn.CrossEntropyLoss()(model(x), y)\nmodel?\n"
    book.write_text(notebook(shell, "%%bash\nls | wc\n", "def broken(:\n", SOFT, last), encoding="utf-8")
    reading = read(book)
    assert codes(reading) == []
    (net,) = reading.nets
    assert net.losses[0].kind == "cross_entropy" and net.nodes[net.losses[0].input].function == "softmax"
    assert reading.text.splitlines()[net.losses[0].place.line - 1].startswith("loss =")


def test_files_searches_folders_and_leaves_out_what_is_not_the_persons(tmp_path: Path) -> None:
    for name in ("a.py", "b.ipynb", "c.txt", "sub/d.py", ".git/e.py", "node_modules/f.py", "venv/g.py", "my/pyvenv.cfg", "my/h.py",
                 "build/i.py", "__pycache__/j.py"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [os.path.relpath(p, tmp_path) for p in files([tmp_path, tmp_path / "a.py", tmp_path / "c.txt"])]
    assert found == ["a.py", "b.ipynb", "sub/d.py", "c.txt"]


PACKAGE = {
    "flat": {"model.py": SOFT, "train.py": "from torch import nn\nfrom model import Net\nnn.CrossEntropyLoss()(Net()(x), y)\n"},
    "module": {"model.py": SOFT, "train.py": "import torch.nn.functional as F\nimport model\nF.cross_entropy(model.Net()(x), y)\n"},
    "package": {
        "pkg/__init__.py": "from .nets import Net\n",
        "pkg/nets/__init__.py": "from .soft import Net\n",
        "pkg/nets/soft.py": SOFT,
        "train.py": "from torch import nn\nfrom pkg import Net\nnn.CrossEntropyLoss()(Net()(x), y)\n",
    },
    "relative": {
        "pkg/__init__.py": "",
        "pkg/soft.py": SOFT,
        "pkg/run/__init__.py": "",
        "pkg/run/train.py": "from torch import nn\nfrom ..soft import Net as Model\nnn.CrossEntropyLoss()(Model()(x), y)\n",
    },
    "star": {"model.py": SOFT, "train.py": "from torch import nn\nfrom model import *\nnn.CrossEntropyLoss()(Net()(x), y)\n"},
    "loss-elsewhere": {
        "losses.py": "from torch import nn\ndef make(kind):\n    return {'ce': nn.CrossEntropyLoss(), 'mse': nn.MSELoss()}[kind]\n",
        "engine.py": "def train(model, criterion, loader):\n    for x, y in loader:\n        criterion(model(x), y).backward()\n",
        "model.py": SOFT,
        "main.py": "from engine import train\nfrom losses import make\nfrom model import Net\n"
        "if __name__ == '__main__':\n    train(Net(), make('ce'), loader)\n",
    },
    "subfolder": {
        "src/models/net.py": SOFT,
        "src/train.py": "from torch import nn\nfrom models.net import Net\nnn.CrossEntropyLoss()(Net()(x), y)\n",
    },
    "cycle": {
        "model.py": "import train\n" + SOFT,
        "train.py": "from torch import nn\nimport model\ndef go():\n    return nn.CrossEntropyLoss()(model.Net()(x), y)\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PACKAGE)
@pytest.mark.parametrize("turned", [False, True])
def test_files_import_each_other(tmp_path: Path, name: str, turned: bool) -> None:
    for path, text in PACKAGE[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    readings = read_all(files([tmp_path])[:: -1 if turned else 1])
    assert [c for r in readings for c in codes(r)] == []
    nets = [net for r in readings for net in r.nets if net.losses]
    assert len(nets) == 1
    (loss,) = nets[0].losses
    assert loss.kind == "cross_entropy" and nets[0].nodes[loss.input].function == "softmax"
    assert nets[0].nodes[loss.input].place.file != loss.place.file


def told(code: str, line: int, end: int = 0) -> Finding:
    from nonlin.findings import Place

    return finding(code, "x", Place("", "p.py", line, 0, end or line))


def test_comments_silence_their_line_the_line_below_and_the_file() -> None:
    text = "import torch  # nonlin: ignore[NL101, NL102] why\n# nonlin: ignore why\n\nx = 1\ny = 2\n# nonlin: ignore-file[NL110]\n"
    reading = read_text(text, "p.py")
    assert reading.suppressions == {1: {"NL101", "NL102"}, 2: frozenset(), 4: frozenset(), 0: {"NL110"}}
    silent = [
        reading.suppressed(f)
        for f in (told("NL101", 1), told("NL103", 1), told("NL103", 4), told("NL103", 5), told("NL110", 5))
    ]
    assert silent == [True, False, True, False, True]
    assert reading.suppressed(told("NL103", 3, 4))


def test_nothing_is_executed_and_torch_is_not_imported(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = tmp_path / "evil.py"
    path.write_text(f"import torch\nopen({str(mark)!r}, 'w').write('x')\nimport os\nos.system('touch {mark}')\n")
    script = "import sys\nfrom nonlin.lint.source import read\nread(sys.argv[1])\nprint([m for m in ('torch', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]" and not mark.exists()


def test_reading_does_not_import_modules_beside_the_program(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("raise SystemExit('imported')")
    (tmp_path / "main.py").write_text("import helper\nimport torch\n")
    assert [codes(r) for r in read_all(files([tmp_path]))] == [[], []]
