"""The loaders of CIFAR on files of a few rows, in the published formats."""

import os
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from benchmarks.lib.cifar import HUMAN_LABELS, load_human_labels, load_images

ROWS = np.random.default_rng(0).integers(256, size=(10, 3072), dtype=np.uint8)
LABELS = np.array([6, 9, 9, 4, 1, 1, 2, 7, 8, 3])


def write_python(folder, labels=LABELS):
    folder.mkdir()
    for i in range(5):
        part = slice(2 * i, 2 * i + 2)
        batch = {b"labels": labels[part].tolist(), b"data": ROWS[part]}
        (folder / f"data_batch_{i + 1}").write_bytes(pickle.dumps(batch, protocol=2))


def write_binary(folder):
    folder.mkdir()
    for i in range(5):
        part = slice(2 * i, 2 * i + 2)
        rows = np.column_stack([LABELS[part], ROWS[part]]).astype(np.uint8)
        rows.tofile(folder / f"data_batch_{i + 1}.bin")


@pytest.mark.parametrize(
    ("directory", "write"),
    [("cifar-10-batches-py", write_python), ("cifar-10-batches-bin", write_binary)],
)
def test_images_are_read_from_both_versions(tmp_path, directory, write):
    write(tmp_path / directory)
    for folder in (tmp_path, tmp_path / directory):
        X, y = load_images("cifar10", str(folder))
        assert_array_equal(X.reshape(10, -1), ROWS)
        # Colours come first, then rows from the top.
        assert_array_equal(X[:, 1, 2], ROWS[:, 1024 + 2 * 32 : 1024 + 3 * 32])
        assert_array_equal(y, LABELS)


def test_cifar100_has_the_fine_labels(tmp_path):
    rows = np.column_stack([LABELS, LABELS + 90, ROWS]).astype(np.uint8)
    rows.tofile(tmp_path / "train.bin")
    assert_array_equal(load_images("cifar100", tmp_path)[1], LABELS + 90)


@pytest.mark.parametrize("name", HUMAN_LABELS)
def test_human_labels(tmp_path, name):
    assert load_human_labels(name, tmp_path) == {}
    file, keys = HUMAN_LABELS[name]
    torch.save({key: LABELS[::-1].copy() for key in keys.values()}, tmp_path / file)
    labels = load_human_labels(name, tmp_path)
    assert list(labels) == list(keys)
    assert all((given == LABELS[::-1]).all() for given in labels.values())


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has not all of data_batch_1.*cs\.toronto\.edu"):
        load_images("cifar10", tmp_path)
    write_python(tmp_path / "a", labels=LABELS + 5)
    with pytest.raises(ValueError, match=r"data_batch_1 is damaged.*integers from 0 to 9"):
        load_images("cifar10", tmp_path / "a")
    write_binary(tmp_path / "b")
    file = tmp_path / "b/data_batch_3.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"data_batch_3\.bin is damaged"):
        load_images("cifar10", tmp_path / "b")
    (tmp_path / "CIFAR-10_human.pt").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"CIFAR-10_human\.pt is damaged"):
        load_human_labels("cifar10", tmp_path)


class RunsCode:
    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_pickles_that_run_code_are_refused(tmp_path):
    write_python(tmp_path / "a")
    harm = {b"labels": [1], b"data": RunsCode(tmp_path / "made")}
    (tmp_path / "a/data_batch_2").write_bytes(pickle.dumps(harm))
    with pytest.raises(ValueError, match=r"asks for \w+\.mkdir, .*refused"):
        load_images("cifar10", tmp_path / "a")
    torch.save({"aggre_label": harm}, tmp_path / "CIFAR-10_human.pt")
    with pytest.raises(ValueError, match=r"CIFAR-10_human\.pt is damaged"):
        load_human_labels("cifar10", tmp_path)
    assert not (tmp_path / "made").exists()
