"""The loaders on files of a few rows, in the published formats."""

import os
import pickle
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from skdynacor.datasets import load_cifar10, load_cifar10n, load_cifar100, load_cifar100n

ROWS = np.random.default_rng(0).integers(256, size=(12, 3072), dtype=np.uint8)
LABELS = [6, 9, 9, 4, 1, 1, 2, 7, 8, 3, 0, 5]
FINE = [19, 29, 0, 11, 1, 86, 90, 28, 23, 31, 39, 99]
COARSE = [11, 15, 4, 14, 1, 5, 18, 3, 10, 11, 5, 13]
# Two rows in each file for training, two for testing.
PARTS = {f"data_batch_{i + 1}": slice(2 * i, 2 * i + 2) for i in range(5)}
PARTS |= {"test_batch": slice(10, 12)}

HUMAN_10 = {
    "clean_label": LABELS,
    "aggre_label": LABELS[1:] + LABELS[:1],
    "worse_label": LABELS[2:] + LABELS[:2],
    "random_label1": LABELS[3:] + LABELS[:3],
    "random_label2": LABELS[4:] + LABELS[:4],
    "random_label3": LABELS[5:] + LABELS[:5],
}
HUMAN_100 = {
    "clean_label": FINE,
    "noisy_label": FINE[::-1],
    "clean_coarse_label": COARSE,
    "noisy_coarse_label": COARSE[::-1],
}


class Python2Pickler(pickle._Pickler):
    """Pickles text and bytes alike, as Python 2 did when it wrote the published files."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, text):
        raw = text.encode("latin1") if isinstance(text, str) else text
        self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_string


def write_python2(batch, file):
    with file.open("wb") as stream:
        Python2Pickler(stream, protocol=2).dump(batch)


def write_python3(batch, file):
    file.write_bytes(pickle.dumps(batch, protocol=2))


def rename_module(file, to):
    """Move what rebuilds an array to the module where another version of numpy has it."""
    content = file.read_bytes()
    renamed, n_found = re.subn(rb"numpy\._?core\.multiarray", to.encode(), content)
    assert n_found == 1
    file.write_bytes(renamed)


def write_cifar10(folder, *, binary=False, write=write_python2):
    folder.mkdir(exist_ok=True)
    for name, part in PARTS.items():
        if binary:
            np.c_[np.array(LABELS, np.uint8)[part], ROWS[part]].tofile(folder / f"{name}.bin")
        else:
            batch = {b"batch_label": b"of 6", b"labels": LABELS[part], b"data": ROWS[part]}
            write(batch | {b"filenames": [b"a.png", b"b.png"]}, folder / name)


def write_cifar100(folder, *, binary=False):
    folder.mkdir(exist_ok=True)
    for name, part in {"train": slice(0, 10), "test": slice(10, 12)}.items():
        if binary:
            labels = np.array([COARSE, FINE], np.uint8).T[part]
            np.c_[labels, ROWS[part]].tofile(folder / f"{name}.bin")
        else:
            batch = {b"fine_labels": FINE[part], b"coarse_labels": COARSE[part]}
            write_python2(batch | {b"data": ROWS[part]}, folder / name)


def write_human(folder, arrays, **options):
    file = folder / f"CIFAR-{10 if 'aggre_label' in arrays else 100}_human.pt"
    torch.save({name: np.asarray(array) for name, array in arrays.items()}, file, **options)
    return file


def assert_images(X, rows):
    assert X.shape == (len(rows), 3, 32, 32)
    assert X.dtype == np.uint8
    assert_array_equal(X.reshape(len(rows), -1), rows)
    # Colours come first, then rows from the top.
    assert_array_equal(X[:, 1, 2], rows[:, 1024 + 2 * 32 : 1024 + 3 * 32])


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("directory", "options"),
    [
        ("cifar-10-batches-py", {}),
        ("cifar-10-batches-py", {"write": write_python3}),
        ("cifar-10-batches-bin", {"binary": True}),
    ],
)
def test_cifar10(tmp_path, directory, options, inside):
    write_cifar10(tmp_path / directory, **options)
    folder = tmp_path / directory if inside else tmp_path
    for subset, part in [("train", slice(0, 10)), ("test", slice(10, 12))]:
        X, y = load_cifar10(str(folder), subset)
        assert_images(X, ROWS[part])
        assert_array_equal(y, LABELS[part])
        assert y.dtype == np.int64


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("directory", ["cifar-100-python", "cifar-100-binary"])
def test_cifar100(tmp_path, directory, inside):
    write_cifar100(tmp_path / directory, binary="binary" in directory)
    folder = tmp_path / directory if inside else tmp_path
    for subset, part in [("train", slice(0, 10)), ("test", slice(10, 12))]:
        X, y = load_cifar100(folder, subset)
        assert_images(X, ROWS[part])
        assert_array_equal(y, FINE[part])
        X, y = load_cifar100(folder, subset, coarse=True)
        assert_images(X, ROWS[part])
        assert_array_equal(y, COARSE[part])
        assert y.dtype == np.int64


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_arrays_of_any_numpy(tmp_path, module):
    write_cifar10(tmp_path)
    rename_module(tmp_path / "test_batch", module)
    assert_images(load_cifar10(tmp_path, "test")[0], ROWS[10:])
    file = write_human(tmp_path, HUMAN_10, _use_new_zipfile_serialization=False)
    rename_module(file, module)
    assert_array_equal(load_cifar10n(tmp_path).y_true, LABELS)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_human_labels(tmp_path, dtype):
    write_human(tmp_path, {name: np.array(y, dtype) for name, y in HUMAN_10.items()})
    write_human(tmp_path, {name: np.array(y, dtype) for name, y in HUMAN_100.items()})
    ours = ["y_true", "aggre", "worse", "random1", "random2", "random3"]
    labels = load_cifar10n(tmp_path)
    assert list(labels) == ours
    assert_array_equal([labels[name] for name in ours], list(HUMAN_10.values()))
    ours = ["y_true", "noisy", "y_true_coarse", "noisy_coarse"]
    labels = load_cifar100n(str(tmp_path))
    assert list(labels) == ours
    assert_array_equal([labels[name] for name in ours], list(HUMAN_100.values()))
    assert {array.dtype for array in labels.values()} == {np.dtype(np.int64)}


def test_missing_files(tmp_path):
    message = "cifar-10-batches-py lacks data_batch_1, .*data_batch_5.bin.*cs.toronto.edu"
    with pytest.raises(FileNotFoundError, match=message):
        load_cifar10(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"cifar-100-python lacks test\. .*cs.toronto.edu"):
        load_cifar100(tmp_path / "nowhere", "test")
    with pytest.raises(FileNotFoundError, match=r"CIFAR-10_human\.pt.*noisylabels.com"):
        load_cifar10n(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"CIFAR-100_human\.pt.*noisylabels.com"):
        load_cifar100n(tmp_path)


def test_one_missing_batch_is_named_alone(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    write_cifar10(folder, binary=True)
    (folder / "data_batch_3.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"-bin lacks data_batch_3\.bin\. Expected"):
        load_cifar10(tmp_path)
    assert len(load_cifar10(tmp_path, "test")[0]) == 2


@pytest.mark.parametrize("load", [load_cifar10, load_cifar100])
def test_unknown_subset(tmp_path, load):
    with pytest.raises(ValueError, match="one of 'train', 'test'; got 'valid'"):
        load(tmp_path, "valid")


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([1, 2], "type list, not a dict"),
        ({b"data": ROWS[:2]}, r"\[b'labels'\] missing among the keys \[b'data'\]"),
        ({b"labels": [1, 2], b"data": ROWS[:2, :-1]}, r"shape \(2, 3071\)"),
        ({b"labels": [1, 2], b"data": ROWS[:2] / 255}, "float64, where uint8"),
        ({b"labels": [1, 2], b"data": b"pixels"}, "data is of type bytes"),
        ({b"labels": [1, 2, 3], b"data": ROWS[:2]}, "Lengths differ: data 2, labels 3"),
        ({b"labels": [1, 10], b"data": ROWS[:2]}, "ranges from 1 to 10, .* 0 to 9"),
        ({b"labels": [-1, 1], b"data": ROWS[:2]}, "ranges from -1 to 1"),
        ({b"labels": [0.5, 1], b"data": ROWS[:2]}, "dtype float64, where one integer"),
        ({b"labels": [], b"data": ROWS[:2]}, r"labels has shape \(0,\)"),
    ],
)
def test_unfit_pickles(tmp_path, batch, message):
    write_cifar10(tmp_path)
    write_python3(batch, tmp_path / "data_batch_4")
    with pytest.raises(ValueError, match=f"data_batch_4 is damaged.*{message}.*Expected a batch"):
        load_cifar10(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 50, -1])
def test_truncated_batches(tmp_path, keep):
    write_cifar10(tmp_path)
    file = tmp_path / "test_batch"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match="test_batch is damaged"):
        load_cifar10(tmp_path, "test")
    write_cifar10(tmp_path / "b", binary=True)
    file = tmp_path / "b" / "test_batch.bin"
    file.write_bytes(file.read_bytes()[:keep])
    size = file.stat().st_size
    with pytest.raises(ValueError, match=f"bin is damaged.* holds {size} bytes.*rows of 3073"):
        load_cifar10(tmp_path / "b", "test")


def test_cifar100_is_not_taken_for_cifar10(tmp_path):
    write_cifar100(tmp_path, binary=True)
    (tmp_path / "test.bin").rename(tmp_path / "test_batch.bin")
    with pytest.raises(ValueError, match="6148 bytes, where rows of 3073"):
        load_cifar10(tmp_path, "test")


class Bomb:
    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_pickles_that_run_code_are_refused(tmp_path):
    crater = tmp_path / "crater"
    write_python3({b"labels": [1], b"data": Bomb(crater)}, tmp_path / "test_batch")
    with pytest.raises(ValueError, match=r"asks for \w+\.mkdir, .*refused"):
        load_cifar10(tmp_path, "test")
    torch.save(HUMAN_10 | {"clean_label": Bomb(crater)}, tmp_path / "CIFAR-10_human.pt")
    with pytest.raises(ValueError, match=r"CIFAR-10_human\.pt is damaged.*refused"):
        load_cifar10n(tmp_path)
    assert not crater.exists()
    pickle.loads((tmp_path / "test_batch").read_bytes())  # it would have gone off
    assert crater.exists()


def test_loading_allows_torch_nothing_for_good(tmp_path):
    before = set(torch.serialization.get_safe_globals())
    write_human(tmp_path, HUMAN_10)
    load_cifar10n(tmp_path)
    assert set(torch.serialization.get_safe_globals()) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"worse_label": None}, r"\['worse_label'\] missing among"),
        ({"worse_label": LABELS[:5]}, "Lengths differ: .*worse_label 5"),
        ({"worse_label": [LABELS]}, r"worse_label has shape \(1, 12\)"),
        ({"worse_label": [10] * 12}, "worse_label ranges from 10 to 10"),
    ],
)
def test_unfit_human_labels(tmp_path, changes, message):
    arrays = {name: array for name, array in (HUMAN_10 | changes).items() if array is not None}
    write_human(tmp_path, arrays)
    with pytest.raises(ValueError, match=rf"human\.pt is damaged.*{message}.*Expected CIFAR-10_h"):
        load_cifar10n(tmp_path)


@pytest.mark.parametrize("zipped", [False, True])
def test_damaged_human_labels(tmp_path, zipped):
    file = write_human(tmp_path, HUMAN_100, _use_new_zipfile_serialization=zipped)
    whole = file.read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2], whole[:100]):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"CIFAR-100_human\.pt is damaged"):
            load_cifar100n(tmp_path)


def test_human_labels_hold_no_objects(tmp_path):
    torch.save(dict.fromkeys(HUMAN_10, np.array([None])), tmp_path / "CIFAR-10_human.pt")
    with pytest.raises(ValueError, match=r"CIFAR-10_human\.pt is damaged"):
        load_cifar10n(tmp_path)
    torch.save(torch.ones(2), tmp_path / "CIFAR-10_human.pt")
    with pytest.raises(ValueError, match="type Tensor, not a dict"):
        load_cifar10n(tmp_path)


def test_images_are_loaded_without_torch(tmp_path):
    write_cifar10(tmp_path)
    code = (
        "import sys; from skdynacor.datasets import load_cifar10; load_cifar10(sys.argv[1]);"
        "print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_other_pickles_are_refused_without_torch_s_warnings(tmp_path):
    (tmp_path / "CIFAR-10_human.pt").write_bytes(pickle.dumps(HUMAN_10["clean_label"], protocol=4))
    with pytest.raises(ValueError, match=r"CIFAR-10_human\.pt is damaged"):
        load_cifar10n(tmp_path)
