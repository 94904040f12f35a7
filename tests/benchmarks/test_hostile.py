"""Hostile files and names are refused or harmless; and what is not would be seen."""

import importlib
import os
from pathlib import Path

import pytest

for package in ("pandas", "pyarrow", "skrub", "matplotlib"):
    pytest.importorskip(package)


@pytest.fixture
def hostile(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("hostile")


KINDS = ["pickles", "archives", "formulas", "markup", "programs", "terminals"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_hostile_case_does_harm(hostile, kind):
    found = {case.name: hostile.judge(case.attempt) for case in hostile.CASES if case.kind == kind}
    failed = {name: said for name, (outcome, said) in found.items() if outcome == "failed"}
    assert found
    assert failed == {}
    # What is unpacked or unpickled at all is so rarely.
    refused = [name for name, (outcome, _) in found.items() if outcome == "refused"]
    assert len(refused) == {"pickles": 18, "archives": 11}.get(kind, 0)


def test_every_kind_is_tried(hostile):
    assert list(dict.fromkeys(case.kind for case in hostile.CASES)) == KINDS
    names = [(case.kind, case.name) for case in hostile.CASES]
    assert len(set(names)) == len(names)


def leaves_a_file(folder):
    (folder.parents[1] / "stray").touch()


def runs_code(folder):
    os.mkdir(folder / "crater")


def fills_memory(folder):
    bytearray(2**29)[:: 2**12] = b"x" * 2**17


def fails_inside(folder):
    {}["key"]


def lets_a_formula_through(folder):
    (folder / "cells.csv").write_text("a,b\n1,=1+1\n")
    importlib.import_module("hostile_cases").check_cells(folder / "cells.csv")


HARM = [leaves_a_file, runs_code, fills_memory, fails_inside, lets_a_formula_through]


@pytest.mark.parametrize("attempt", HARM)
def test_harm_is_seen(hostile, attempt):
    assert hostile.judge(attempt)[0] == "failed"


def test_counts_by_kind(call, hostile, monkeypatch, tmp_path):
    monkeypatch.setattr(hostile, "CASES", hostile.CASES[:3])
    monkeypatch.setattr("sys.exit", lambda code: None)
    printed = call("hostile", "--out", tmp_path, "--only", "pickles")
    assert printed.split("\n\n")[0].split()[-5:] == ["all", "3", "2", "1", "0"]
    before = (tmp_path / "hostile.csv").read_bytes()
    assert before.count(b"yes") == 3
    assert call("hostile", "--out", tmp_path, "--only", "pickles") == printed
    assert (tmp_path / "hostile.csv").read_bytes() == before
