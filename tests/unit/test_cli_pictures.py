"""``nonlin plot`` and ``nonlin picture``: what they write, what they print, and what they say when they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell import fails, invoke

KINDS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}
SMALL = {
    "landscape": ["relu", "tanh", "--layers", "2", "--units", "8", "--resolution", "16"],
    "folding": ["tanh", "--layers", "1", "--steps", "20", "--tried", "2", "--samples", "20"],
    "collapse": ["gelu", "--layers", "3", "--units", "4"],
    "rates": ["relu", "tanh", "--layers", "2", "--units", "16", "--samples", "64"],
}


@pytest.mark.parametrize("kind", SMALL)
def test_every_picture_has_help_with_its_options(kind: str) -> None:
    told = invoke("picture", kind, "--help")
    assert told.code == 0
    assert all(
        option in told.out
        for option in ("--output", "--dark", "--width", "--dpi", "--language", "--title", "--seed", "--json")
    )


@pytest.mark.parametrize(("kind", "suffix"), [*zip(SMALL, [".png", ".svg", ".pdf", ".svg"], strict=True)])
def test_every_picture_is_written_with_a_table_and_repeats_to_the_byte(kind: str, suffix: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}{suffix}" for n in "ab"]
    for path in paths:
        done = invoke("picture", kind, *SMALL[kind], "-o", path, "--seed", "3")
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[-1] == f"Wrote {path}"
        assert all(name in done.out for name in SMALL[kind][: 1 + (kind in ("landscape", "rates"))])
    assert paths[0].read_bytes().startswith(KINDS[suffix])
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("kind", SMALL)
def test_every_picture_gives_its_numbers_as_json(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "f.png"
    told = invoke("picture", kind, *SMALL[kind], "-o", path, "--json", "--dark", "--width", "120mm", "--dpi", "72").value
    assert told["picture"] == kind
    assert told["file"] == str(path)
    assert told["networks" if kind == "rates" else "functions"][SMALL[kind][0]]
    width = int.from_bytes(path.read_bytes()[16:20], "big")
    assert width == pytest.approx(120 / 25.4 * 72, abs=1)


def test_the_collapse_prints_the_one_matrix(tmp_path: Path) -> None:
    shown = invoke("picture", "collapse", "-o", tmp_path / "f.svg").out
    assert "nothing (identity)" in shown
    assert "The one matrix is [" in shown
    told = invoke("picture", "collapse", "-o", tmp_path / "f.svg", "--json").value["functions"]
    assert told["identity"]["relative"] < 1e-14
    assert len(told["identity"]["singular_values"]) == 2
    assert told["relu"]["unexplained"][-1] > 0.1


def test_the_identity_cannot_part_the_moons(tmp_path: Path) -> None:
    told = invoke("picture", "folding", "--layers", "2", "-o", tmp_path / "f.svg", "--json").value["functions"]
    assert told["tanh"]["accuracy"] > 0.98 > told["identity"]["accuracy"]


def test_rates_of_a_network_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_for_rates.py").write_text(
        "import torch\n"
        "def make_model():\n    return torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh())\n"
        "def make_data():\n    return torch.randn(50, 4), torch.zeros(50)\n"
        "def broken():\n    raise RuntimeError('no luck')\n"
    )
    monkeypatch.chdir(tmp_path)
    told = invoke(
        "picture", "rates", "--model", "mine_for_rates:make_model", "--data", "mine_for_rates:make_data", "--json"
    ).value
    (place,) = told["networks"]["make_model"]
    assert (place["function"], place["units"]) == ("tanh", 6)
    assert (tmp_path / "nonlin-rates.png").exists()
    options = ["--data", "mine_for_rates:make_data"]
    assert "no luck" in fails(1, "picture", "rates", "--model", "mine_for_rates:broken", *options)
    assert "belong together" in fails(2, "picture", "rates", "--model", "mine_for_rates:make_model")
    assert "not both" in fails(2, "picture", "rates", "relu", "--model", "mine_for_rates:make_model", *options)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize(
    ("code", "options", "says"),
    [
        (2, ["-o", "f.jpeg"], "f.jpeg: a figure's file name must end in .png, .svg, .pdf, not '.jpeg'"),
        (1, ["-o", "there/is/none.png"], "there/is/none.png cannot be written"),
        (2, ["--language", "fr"], "unknown language 'fr'. Known: en, zh."),
        (2, ["--width", "wide"], "a width is a number of millimetres or has a unit"),
        (2, ["--dpi", "5"], "dpi must be a whole number from 30 to 1200, not 5"),
        (2, ["softmax"], "softmax"),
        (2, ["relluu"], "Did you mean 'relu'?"),
    ],
)
def test_a_picture_says_what_it_cannot_draw(kind: str, code: int, options: list[str], says: str, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert says in fails(code, "picture", kind, *SMALL[kind], *options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name at least one FUNCTION, or a --family"),
        (["--family", "reluish"], "unknown family, tag or pattern 'reluish'"),
        (["relu", "--vary", "slope"], "--vary names a parameter and its values, such as slope=0.01,0.1,0.3"),
        (["relu", "--vary", "slope=a,b"], "--vary names a parameter and its values"),
        (["leaky_relu", "--vary", "slop=0.1"], "leaky_relu has no parameter 'slop' to vary. Did you mean 'slope'?"),
        (["relu", "--only", "grad"], "unknown panel 'grad'. Did you mean 'gradient'?"),
        (["relu", "--layout", "gird"], "unknown layout 'gird'. Did you mean 'grid'?"),
        (["--family", "elementwise"], "a figure holds at most 150 functions"),
    ],
)
def test_plot_says_what_it_cannot_do(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in fails(2, "plot", *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["leaky_relu", "--vary", "slope=0.01,0.1,0.3", "-d"],
        ["--family", "shrinkage", "--log"],
        ["relu", "--family", "quantised", "--only", "gradient", "--dark", "--no-marks"],
    ],
)
def test_plot_draws_families_sweeps_and_logarithms(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "f.svg"
    done = invoke("plot", *arguments, "-o", path)
    assert (done.code, done.out, done.err) == (0, f"Wrote {path}\n", "")
    assert path.read_bytes().startswith(b"<?xml")
