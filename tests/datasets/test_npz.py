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


def test_round_trip(path):
    np.savez(path, **ARRAYS, y_givenness=np.arange(7), names=np.array([None]))
    data = load_npz(str(path))
    assert_array_equal(data.X, ARRAYS["X"])
    assert data.X.dtype == np.float32
    assert_array_equal(data.y_true, ARRAYS["y_true"])
    assert set(data.given) == {"", "by_the_crowd"}
    assert_array_equal(data.given[""], ARRAYS["y_given"])
    assert_array_equal(data.given["by_the_crowd"], ARRAYS["y_given_by_the_crowd"])


def test_missing_values_stay_nan(path):
    X = np.where(ARRAYS["X"] == 5, np.nan, ARRAYS["X"])
    np.savez(path, X=X, y_true=ARRAYS["y_true"])
    assert_array_equal(load_npz(path).X, X)


def test_no_such_file(path):
    with pytest.raises(FileNotFoundError, match=r"pets\.npz.*X \(n, d\).*y_given_<name>"):
        load_npz(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": None}, "X missing among .*'y_true'"),
        ({"X": None, "y_true": None}, "X and y_true missing"),
        ({"X": np.ones(4)}, "Expected 2D array"),
        ({"X": np.ones((4, 0))}, r"shape=\(4, 0\)"),
        ({"X": np.array([["a"]] * 4)}, "could not convert string to float"),
        ({"y_true": np.zeros((4, 2))}, r"shape \(4, 2\)"),
        ({"y_true": np.zeros(3)}, "inconsistent numbers of samples"),
        ({"y_given_by_the_crowd": np.zeros(5)}, "inconsistent numbers of samples"),
        ({"y_given": np.array(["a", 1, None, 2])}, "Object arrays cannot be loaded"),
    ],
)
def test_unfit_arrays(path, changes, message):
    arrays = {name: array for name, array in (ARRAYS | changes).items() if array is not None}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=rf"(?s)pets\.npz is damaged.*{message}.*Expected a \.npz"):
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
