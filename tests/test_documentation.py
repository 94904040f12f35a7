"""Every code block and every command of README.rst, doc/ and benchmarks/results/ works."""

import argparse
import importlib
import re
import shlex
import sys
import tomllib
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_iris, make_blobs

from skdynacor.datasets import make_label_noise

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [
        ROOT / "README.rst",
        ROOT / "benchmarks/results/README.rst",
        *sorted(ROOT.glob("doc/*.rst")),
        *sorted(ROOT.glob("doc/api/*.rst")),
    ]
}

# A code block or a literal block (::), with everything indented below it. Literal blocks hold
# commands; drawings are ``.. code-block:: text``.
BLOCK = re.compile(
    r"^( *)(?:\.\. code-block:: (\w+)|(?!\.\.)(?:\S.*)?::)\n\n((?:\1 +.*\n|\n)+)", re.MULTILINE
)


def find_blocks(page):
    """Yield language, number of lines before, and code of each block."""
    for block in BLOCK.finditer(page):
        yield block[2] or "console", page[: block.start(3)].count("\n"), dedent(block[3])


@pytest.fixture(autouse=True)
def pyplot():
    """Draw without a display, and close all figures in the end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


# ------------------------------------------------------------------- names and files of the pages


class Encoder:
    """Stands for a pretrained encoder of sentences."""

    def encode(self, texts):
        return np.random.default_rng(0).normal(size=(len(texts), 8))


class PhotoData(list):
    """Stands for a data set of Hugging Face."""

    features = {"labels": SimpleNamespace(names=["healthy", "rust"])}


def make_names():
    """Names that the code of every page may use: a few rows of each kind, and their labels."""
    X, y = make_blobs(120, n_features=5, centers=3, cluster_std=2.0, random_state=0)
    y, _ = make_label_noise(y, "symmetric", 0.1, random_state=0)
    labels = np.array(["bird", "cat", "dog"])[y]
    names = {"X": X, "y": y, "labels": labels, "encoder": Encoder()}
    names["images"] = np.random.default_rng(0).integers(0, 255, (120, 3, 16, 16), np.uint8)
    names["data"] = PhotoData([{"image": Image.new("RGB", (8, 8)), "labels": 0}])
    names["texts"] = [f"{label} number {10 + row}" for row, label in enumerate(labels)]
    table = pd.DataFrame(X[:, :2], columns=["height", "weight"])
    names["table"] = table.assign(colour=np.where(X[:, 2] > 0, "black", "white"))
    return names


def make_files():
    """Files that the commands of every page may use: tables with some wrong labels."""
    iris = load_iris(as_frame=True)
    table = iris.data.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
    species = iris.target_names[iris.target]
    species[[3, 70, 140]] = "versicolor", "setosa", "setosa"
    table.assign(species=species).to_csv("iris.csv", index=False)
    table.assign(y=species).to_csv("data.csv", index=False)
    review = {"position": [3, 70, 2], "given_label": ["versicolor", "setosa", "setosa"]}
    review["suggested_label"] = ["setosa", "versicolor", "setosa"]
    pd.DataFrame(review).assign(decision="suggested").to_csv("review.csv", index=False)
    for label in ("cat", "dog"):
        Path("photos", label).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(Path("photos", label, f"{label}.png"))
    of_photo = {"bytes": Path("photos/cat/cat.png").read_bytes(), "path": None}
    pd.DataFrame({"image": [of_photo], "labels": [1]}).to_parquet("beans.parquet")
    np.savez("embeddings.npz", X=iris.data.to_numpy(), y_given=species)


# ------------------------------------------------------------------------------- commands


def make_target(target):
    assert f"\nmake {target}\n" in (ROOT / ".ci/run").read_text()


def accepts(script, args):
    """Parse the arguments of a module of ``benchmarks``, and go no further."""

    class Accepted(Exception):
        """Raised once the arguments are parsed."""

    def parse(self, *args):
        parse_args(self, *args)
        raise Accepted

    parse_args = argparse.ArgumentParser.parse_args
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse)
        patch.setattr(sys, "argv", [script, *shlex.split(args)])
        with pytest.raises(Accepted):
            importlib.import_module(f"benchmarks.{script}").main()


def launches(args):
    launch = pytest.importorskip("accelerate.commands.launch")
    launch.launch_command_parser().parse_args(shlex.split(args))


def exists(path):
    assert (ROOT / path).exists()


def is_run_by_lint(command):
    assert f"ruff {command}" in (ROOT / "Makefile").read_text()


def passes():
    """Extras that an installation names are looked for in ``test_extras_exist``."""


def finds(args):
    from skdynacor.command_line.main import main

    assert main(shlex.split(args)) in ((0, 3) if "--fail-above" in args else (0,))


def parses(args):
    """Encoders would be downloaded."""
    from skdynacor.command_line.main import make_parser

    make_parser().parse_args(shlex.split(args))


#: How to test each command; the groups of a pattern are the arguments of its function.
COMMANDS = {
    r"make screenshots": passes,  # in test_pictures_are_those_of_the_script
    r"make (\w+)": make_target,
    r"skdynacor (find .+ --encoder .+|apply photos/ .+)": parses,
    r"skdynacor (.+)": finds,
    r"pip install .+": passes,
    r"export OMP_NUM_THREADS=1": passes,
    r"python -m benchmarks\.([\w.]+)(.*)": accepts,
    r"accelerate launch (.+)": launches,
    r"\.venv/bin/python -m pytest (\S+) -k \w+": exists,
    r"\.venv/bin/ruff (check) --fix \. && \.venv/bin/ruff format \.": is_run_by_lint,
}


def try_command(command):
    for pattern, attempt in COMMANDS.items():
        if match := re.fullmatch(pattern, command):
            return attempt(*match.groups())
    return pytest.fail(f"No test tries the command {command!r}: add it to COMMANDS.")


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(PAGES[page])])
def test_code_and_commands_run_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_files()
    names, blocks = make_names(), list(find_blocks(PAGES[page]))
    assert PAGES[page].count(":: python\n") == [language for language, *_ in blocks].count("python")
    for language, n_lines, code in blocks:
        if language == "python":
            exec(compile("\n" * n_lines + code, ROOT / page, "exec"), names)
        elif language == "console":
            for line in code.splitlines():
                if command := line.partition(" # ")[0].strip():
                    try_command(command)
        else:
            assert language in ("text", "xml"), f"{page} has code that no test tries, of {language}"


@pytest.mark.parametrize("holds", ["structs", "bytes"])
def test_a_data_set_of_hugging_face_becomes_folders(tmp_path, monkeypatch, holds):
    datasets = pytest.importorskip("datasets")
    monkeypatch.chdir(tmp_path)
    colours = [Image.new("RGB", (8, 8), name) for name in ("green", "brown", "green")]
    label = datasets.ClassLabel(names=["healthy", "rust"])
    features = datasets.Features({"image": datasets.Image(), "labels": label})
    data = datasets.Dataset.from_dict({"image": colours, "labels": [0, 1, 0]}, features=features)
    data.to_parquet("beans.parquet")
    if holds == "bytes":
        table = pd.read_parquet("beans.parquet")
        table.assign(image=[each["bytes"] for each in table["image"]]).to_parquet("beans.parquet")
    recipes = [code for _, _, code in find_blocks(PAGES["doc/images.rst"]) if "beans" in code]
    names = {"data": data}
    for recipe in recipes:
        exec(recipe, names)
    expected = {f"beans/{c}/{i:06d}.png" for i, c in enumerate(["healthy", "rust", "healthy"])}
    expected |= {f"photos/{c}/{i:06d}.jpg" for i, c in enumerate([0, 1, 0])}
    written = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("0*.*")}
    assert set(written) == expected
    for path in written.values():
        green = np.asarray(Image.open(path).convert("RGB"))[0, 0, 1] > 100
        assert green == (path.parent.name in ("healthy", "0"))


@pytest.mark.parametrize("page", PAGES)
def test_extras_exist(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"(?:skdynacor|\.)\[([\w,]+)\]'", PAGES[page])
    assert {name for each in named for name in each.split(",")} <= set(
        extras["optional-dependencies"]
    )


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    targets = re.search(r"\.PHONY: (.+)", (ROOT / "Makefile").read_text())[1].split()
    assert set(re.findall(r"``make (\w+)``", PAGES[page])) <= set(targets)


PACKAGES = [
    "augment",
    "baselines",
    "cleaning",
    "datasets",
    "displays",
    "inspection",
    "model_selection",
    "nets",
    "robust",
    "verdicts",
]


@pytest.mark.parametrize("package", ["", *(f".{package}" for package in PACKAGES)])
def test_the_reference_has_every_public_name(package):
    sections = re.split(r"^\.\. (?:current)?module:: ", PAGES["doc/api/index.rst"], flags=re.M)
    listed = [
        name
        for section in sections
        if section.partition("\n")[0] == f"skdynacor{package}"
        for name in re.findall(r"^   (\w+)$", section, re.M)
    ]
    assert sorted(listed) == sorted(importlib.import_module(f"skdynacor{package}").__all__)


def test_pictures_are_those_of_the_script(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "doc")
    script = importlib.import_module("make_screenshots")
    made, options = [*script.PLOTS, *script.SCREENSHOTS], []
    if script.find_browser() is None:
        made, options = script.PLOTS, ["--plots-only"]
    monkeypatch.setattr(sys, "argv", ["make_screenshots", "--out", str(tmp_path), *options])
    script.main()
    assert {path.name for path in tmp_path.iterdir()} == set(made)
    kept = {path.name: path for path in ROOT.glob("doc/images/*")}
    assert set(kept) == {*script.PLOTS, *script.SCREENSHOTS}
    assert all(path.stat().st_size < 200_000 for path in kept.values())
    shown = re.findall(r"(?:figure|image):: (\S+)", "\n".join(PAGES.values()))
    assert {Path(name).name for name in shown} == set(kept)
