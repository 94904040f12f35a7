import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.datasets import load_npz

ARRAYS = {
    "X": np.arange(12.0).reshape(4, 3),
    "y_true": np.array(["a", "b", "b", "a"]),
    "y_given": np.array(["a", "b", "a", "a"]),
    "y_given_by_the_crowd": np.array(["b", "b", "a", "a"]),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pets.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_round_trip(path, save):
    save(path, **ARRAYS, y_givenness=np.arange(7), names=np.array([None]))
    data = load_npz(str(path))
    assert_array_equal(data.X, ARRAYS["X"])
    assert data.X.dtype == np.float32
    assert_array_equal(data.y_true, ARRAYS["y_true"])
    assert set(data.given) == {"", "by_the_crowd"}
    assert_array_equal(data.given[""], ARRAYS["y_given"])
    assert_array_equal(data.given["by_the_crowd"], ARRAYS["y_given_by_the_crowd"])


def test_no_given_labels(path):
    np.savez(path, X=np.eye(2, dtype=np.float16), y_true=[0, 1])
    data = load_npz(path)
    assert data.given == {}
    assert data.X.dtype == np.float32


def test_no_such_file(path):
    with pytest.raises(FileNotFoundError, match=r"pets\.npz.*X \(n, d\).*y_given_<name>"):
        load_npz(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": None}, "X missing among .*'y_true'"),
        ({"X": None, "y_true": None}, "X and y_true missing"),
        ({"X": np.ones(4)}, r"array X has shape \(4,\)"),
        ({"X": np.ones((4, 0))}, r"X has shape \(4, 0\)"),
        ({"X": np.array([["1"]] * 4)}, "dtype <U1, where numbers belong"),
        ({"y_true": np.zeros((4, 1))}, r"array y_true has shape \(4, 1\)"),
        ({"y_true": np.zeros(3)}, "Lengths differ: X 4, y_true 3, y_given 4"),
        ({"y_given_by_the_crowd": np.zeros(5)}, "Lengths differ: .*y_given_by_the_crowd 5"),
        ({"y_given": np.array(["a", 1, None, 2])}, "array y_given cannot be read. Object arrays"),
    ],
)
def test_unfit_arrays(path, changes, message):
    arrays = {name: array for name, array in (ARRAYS | changes).items() if array is not None}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=rf"pets\.npz is damaged.*{message}.*Expected a \.npz"):
        load_npz(path)


def test_damaged_files(path):
    np.savez_compressed(path, **ARRAYS)
    whole = path.read_bytes()
    start = whole.index(b"X.npy") + 60
    for content in (
        b"",
        b"no archive",
        whole[:-1],
        whole[: len(whole) // 2],
        whole[:start] + bytes(20) + whole[start + 20 :],
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"pets\.npz is damaged.*Expected a \.npz"):
            load_npz(path)


def test_a_single_array_is_no_archive(path):
    with path.open("wb") as stream:
        np.save(stream, ARRAYS["X"])
    with pytest.raises(ValueError, match="single array without a name"):
        load_npz(path)
