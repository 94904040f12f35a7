"""Rows, labels and parameters as nobody should pass them, and as somebody does."""

import datetime
import itertools
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars
import torch
from hypothesis import strategies as st
from scipy import sparse

#: What is bad about a case; nothing, half of the time.
FLAWS = ("nothing", "nothing", "nothing", "nothing", "rows", "labels", "parameters", "all")

#: What no parameter, or hardly any, should be. Nothing that makes a training long.
JUNK = (
    *(None, -1, 0, 1, 2, 0.5, 1.5, -0.5, float("nan"), float("inf"), -float("inf"), 1e-300, 1e300),
    *("auto", "x", "", b"x", True, False, (), [], {}, [1, 2], ("a", 3), 1j, np.float64(0.25)),
    *(
        np.int64(1),
        np.array([0.5]),
        np.array([]),
        object(),
        np.nan,
        pd.NA,
        datetime.date(2024, 2, 29),
    ),
)


class Sample(NamedTuple):
    """Rows and labels, and what a draw may go on with.

    Parameters
    ----------
    X, y : object
    n : int
        How many rows there would be, were all well.
    rng : numpy.random.Generator
    flaw : str
        One of FLAWS.
    """

    X: Any
    y: Any
    n: int
    rng: np.random.Generator
    flaw: str


def pick(draw, *options):
    """Draw one of some options."""
    return draw(st.sampled_from(options))


def make_rng(draw):
    """Make a generator of the many numbers that are not worth drawing one by one."""
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def draw_sample(draw, room, *, most=40, images=False):
    """Draw rows and labels that belong together, or do not.

    Parameters
    ----------
    draw : callable
        Of hypothesis.
    room : Room
        Where files may lie.
    most : int, default=40
        Rows.
    images : bool or "all", default=False
        Whether rows may well have several dimensions, or all have where that can be.

    Returns
    -------
    sample : Sample
    """
    flaw, rng = pick(draw, *FLAWS), make_rng(draw)
    if flaw == "nothing":
        n, n_features = draw(st.integers(min(12, most), most)), draw(st.integers(1, 6))
    else:
        n, n_features = draw(st.integers(0, most)), draw(st.integers(0, 6))
    codes = rng.integers(0, pick(draw, 2, 3, 4), n)
    if flaw == "nothing":
        codes[:8] = np.arange(8) % 2  # several rows of two classes
    centers = rng.normal(size=(4, n_features)) * 3
    values = centers[codes] + rng.normal(size=(n, n_features))
    X = draw_rows(draw, values, rng, flaw in ("rows", "all"), room, images)
    y = draw_labels(draw, codes, rng, flaw in ("labels", "all"))
    return Sample(X, y, n, rng, flaw)


# ------------------------------------------------------------------------------------------- rows


def draw_rows(draw, values, rng, hostile, room, images=False):
    """Draw rows of values (n, d): as they are, or not as anybody would want them."""
    if hostile and pick(draw, False, False, False, True):
        return pick(draw, *_no_rows(values))
    change = pick(draw, *(_VALUES if hostile else _VALUES[:6]))
    with np.errstate(all="ignore"):
        values = change(values.copy(), rng)
        dtype = pick(draw, *(_DTYPES if hostile else _DTYPES[:12]))
        values = _cast(values, dtype, rng)
    images = images == "all" or (images and pick(draw, *[False] * 4, True))
    if images and values.ndim == 2 and values.size:
        values = np.repeat(values, 4, axis=1).reshape(len(values), -1, 2, 2)
    if hostile and pick(draw, False, False, True):
        values = pick(draw, values[..., :0], values[:0], values[:3], values[:1], values.ravel())
    return _if_possible(pick(draw, *(_CONTAINERS if hostile else _CONTAINERS[:17])), values, room)


def _if_possible(change, values, *args):
    """Change values, or leave them: pandas, polars, scipy and torch have not all dtypes."""
    try:
        return change(values, *args)
    except (TypeError, ValueError, NotImplementedError, polars.exceptions.PolarsError):
        return values


def _with(value, share=0.05):
    def change(values, rng):
        values[rng.random(values.shape) < share] = value
        if values.size:
            values.flat[rng.integers(values.size)] = value
        return values

    return change


def _set_column(value):
    def change(values, rng):
        values[:, :1] = value
        return values

    return change


_VALUES = (
    lambda values, rng: values,
    lambda values, rng: values,
    lambda values, rng: np.round(values),
    lambda values, rng: values * 10.0 ** rng.integers(-6, 6, values.shape[1]),
    lambda values, rng: values[rng.integers(0, max(len(values) // 3, 1), len(values))],
    _set_column(0.0),
    lambda values, rng: values * 1e30,
    lambda values, rng: values * 1e-40,
    lambda values, rng: values * 1e-310,
    lambda values, rng: values * 1e200,
    lambda values, rng: values * 3e307,
    lambda values, rng: values + 1e12,
    lambda values, rng: np.zeros_like(values),
    lambda values, rng: np.ones_like(values),
    _with(np.nan),
    _with(np.inf),
    _with(-np.inf),
    _with(1e38),
    _with(1e300),
    _with(3.4028235e38),
    _set_column(np.nan),
)

_DTYPES = (
    *(np.float64, np.float64, np.float32, np.float16, np.int64, np.int32, np.int8, np.uint8),
    *(bool, ">f8", np.longdouble, object),
    *(np.uint64, "U", "words", "S", np.complex64, "M8[D]", "m8[s]", "record", "mixed", "None"),
)


def _cast(values, dtype, rng):
    if dtype == "words":
        return np.array(["low", "high"])[(values > 0).astype(int)]
    if dtype == "record":
        kind = [(f"f{k}", float) for k in range(values.shape[1])]
        return np.array([tuple(row) for row in values], dtype=kind)
    if dtype == "mixed":
        values = values.astype(object)
        values[:, ::2] = "a"
        return values
    if dtype == "None":
        values = values.astype(object)
        values[rng.random(values.shape) < 0.2] = None
        return values
    if dtype in ("M8[D]", "m8[s]"):
        return np.nan_to_num(values, posinf=9, neginf=9).clip(-1e6, 1e6).astype(int).astype(dtype)
    return values.astype(dtype)


def _strided(values, room):
    wide = np.empty((2 * len(values), *values.shape[1:]), values.dtype)
    wide[::2] = wide[1::2] = values
    return wide[::2]


def _read_only(values, room):
    values = values.copy()
    values.flags.writeable = False
    return values


def _unaligned(values, room):
    if values.dtype.hasobject:
        return values
    buffer = np.empty(values.nbytes + 1, np.uint8)
    view = buffer[1:].view(values.dtype).reshape(values.shape) if values.size else values
    view[...] = values
    return view


def _mapped(values, room):
    if values.dtype.hasobject or not values.size:
        return values
    mapped = np.memmap(room.inputs / "rows.dat", values.dtype, "w+", shape=values.shape)
    mapped[...] = values
    mapped.flush()
    return np.memmap(room.inputs / "rows.dat", values.dtype, "r", shape=values.shape)


def _frame(values, room):
    frame = pd.DataFrame(values, index=np.arange(len(values)) * 3 + 7)
    return frame.rename(columns="column {}".format)


def _twin_frame(values, room):
    return _frame(values, room).rename(columns=lambda name: "twin")


def _explicit_zeros(values, room):
    rows = sparse.csr_array(values)
    rows.data[:1] = 0
    return rows


def _unsorted(values, room):
    rows = sparse.csr_array(values)
    for start, stop in itertools.pairwise(rows.indptr):
        rows.indices[start:stop] = rows.indices[start:stop][::-1].copy()
        rows.data[start:stop] = rows.data[start:stop][::-1].copy()
    rows.has_sorted_indices = False
    return rows


class HasArray:
    """Offers an array, and nothing else."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


_CONTAINERS = (
    lambda values, room: values,
    lambda values, room: values,
    lambda values, room: np.asfortranarray(values),
    _strided,
    lambda values, room: values[::-1],
    _read_only,
    _unaligned,
    _mapped,
    lambda values, room: values.tolist(),
    _frame,
    lambda values, room: _frame(values, room).convert_dtypes(),
    lambda values, room: torch.from_numpy(values),
    lambda values, room: tuple(map(tuple, values)),
    lambda values, room: list(values),
    lambda values, room: sparse.csr_matrix(values),
    lambda values, room: sparse.csc_array(values),
    _unsorted,
    _explicit_zeros,
    lambda values, room: sparse.coo_matrix(values),
    lambda values, room: sparse.lil_array(values),
    lambda values, room: sparse.dok_array(values),
    _twin_frame,
    lambda values, room: _frame(values, room).astype("category"),
    lambda values, room: polars.DataFrame(values),
    lambda values, room: np.ma.masked_array(values, mask=np.zeros(values.shape, bool)),
    lambda values, room: np.ma.masked_less(values, 0),
    lambda values, room: np.asmatrix(values),
    lambda values, room: HasArray(values),
    lambda values, room: values[..., None],
    lambda values, room: np.broadcast_to(values, (2, *values.shape)),
    lambda values, room: iter(values.tolist()),
    lambda values, room: dict(enumerate(values.tolist())),
    lambda values, room: [*values.tolist(), [1.0] * 99],
)


def _no_rows(values):
    return (
        *(None, "rows", b"rows", 3, 1.5, True, [], [[]], {}, set(), object(), np.float64(2)),
        *(np.zeros(()), np.zeros((0, 0)), np.zeros((3, 0, 2)), range(len(values)), np.nan, len),
        *(pd.DataFrame(), pd.Series(dtype=float), np.zeros((2,) * 12), [None] * len(values)),
    )


# ----------------------------------------------------------------------------------------- labels


def draw_labels(draw, codes, rng, hostile):
    """Draw labels of some classes (n,): of any type that serves, or of none that does."""
    if hostile and pick(draw, False, False, False, True):
        return pick(draw, *_no_labels(codes))
    labels = pick(draw, *(_LABELS if hostile else _LABELS[:15]))(codes, rng)
    if hostile and pick(draw, False, False, True):
        n = len(labels)
        labels = pick(draw, labels[:-1], labels[:0], np.tile(labels, 2), labels[: n // 2])
    return _if_possible(pick(draw, *(_LISTS if hostile else _LISTS[:9])), labels)


def _name(names):
    return lambda codes, rng: np.array(names)[codes]


def _objects(names):
    def name(codes, rng):
        labels = np.empty(len(codes), object)
        labels[:] = [names[code] for code in codes]
        return labels

    return name


_DAYS = [datetime.date(2024, 2, 28 - k) for k in range(4)]
_LABELS = (
    lambda codes, rng: codes,
    lambda codes, rng: codes.astype(np.int8),
    lambda codes, rng: -codes.astype(np.int16) * 7,
    lambda codes, rng: codes.astype(float),
    lambda codes, rng: codes.astype(np.float32),
    lambda codes, rng: codes > 0,
    _name(["ant", "bee", "cat", "dog"]),
    _objects(["ant", "bee", "cat", "dog"]),
    _name(["", " ", "ä", "keep"]),
    _objects([0, 1, 2, 3]),
    _name([2**62, -(2**62), 0, 1]),
    _objects([True, False, True, False]),
    _name(["=cmd", "<b>", '"', "a,b\nc"]),
    lambda codes, rng: codes.astype(np.uint64) + np.uint64(2**63),
    _name(["x" * 500, "x" * 501, "y", "z"]),
    _name([b"ant", b"bee", b"cat", b"dog"]),
    lambda codes, rng: codes.astype(">i4"),
    lambda codes, rng: codes.astype("M8[D]"),
    lambda codes, rng: codes.astype("m8[s]"),
    _objects(_DAYS),
    _objects([datetime.datetime(2024, 1, 1 + k, tzinfo=datetime.UTC) for k in range(4)]),
    _objects([(0, 1), (1,), (2, 2), ()]),
    _objects([None, "bee", "cat", "dog"]),
    _objects(["ant", 1, 2.5, "dog"]),
    _objects([0.0, 1, True, 3]),
    _objects([float("nan"), "bee", "cat", "dog"]),
    _objects([pd.NA, "bee", "cat", "dog"]),
    _objects([pd.NaT, "bee", "cat", "dog"]),
    _objects([b"ant", b"bee", b"cat", b"dog"]),
    _objects([{"a": 1}, {"b": 2}, {}, {"c": 3}]),
    _objects([10**30, 10**31, 5, 7]),
    _objects([object, int, str, float]),
    _name([np.nan, 1.0, 2.0, 3.0]),
    _name([np.inf, 1.0, 2.0, 3.0]),
    _name([0.5, 1.5, 2.25, 3.0]),
    _name([1e300, -1e300, 0, 1]),
    lambda codes, rng: rng.normal(size=len(codes)),
    lambda codes, rng: np.arange(len(codes)),
    lambda codes, rng: np.arange(len(codes)).astype(str),
    lambda codes, rng: np.zeros(len(codes), int),
    lambda codes, rng: np.full(len(codes), "same"),
    lambda codes, rng: (np.arange(len(codes)) == 0).astype(int),
    lambda codes, rng: np.where(np.arange(len(codes)) < 2, 9, 0),
    lambda codes, rng: codes.astype(complex),
    lambda codes, rng: codes.astype(np.longdouble),
    lambda codes, rng: codes.astype(np.float16),
    lambda codes, rng: np.array([(c, c) for c in codes], dtype=[("a", int), ("b", int)]),
    lambda codes, rng: np.column_stack([codes, codes]),
    lambda codes, rng: codes.reshape(-1, 1),
    lambda codes, rng: np.eye(4)[codes],
    lambda codes, rng: codes.astype("U"),
    lambda codes, rng: np.where(codes > 0, np.datetime64("NaT"), np.datetime64("2024-02-29")),
)

_LISTS = (
    lambda labels: labels,
    lambda labels: labels,
    lambda labels: labels.tolist(),
    lambda labels: pd.Series(labels, np.arange(len(labels)) * 2 + 5, name="label"),
    lambda labels: _read_only(labels, None),
    lambda labels: np.repeat(labels, 2, axis=0)[::2],
    lambda labels: tuple(labels.tolist()),
    lambda labels: pd.Series(labels, dtype="category"),
    lambda labels: pd.Series(labels).convert_dtypes(),
    lambda labels: torch.from_numpy(labels),
    lambda labels: polars.Series(labels),
    lambda labels: pd.DataFrame({"y": labels}),
    lambda labels: np.ma.masked_array(labels, mask=np.zeros(labels.shape, bool)),
    lambda labels: np.ma.masked_array(labels, mask=np.arange(labels.size) % 5 == 0),
    lambda labels: labels[::-1],
    lambda labels: HasArray(labels),
    lambda labels: iter(labels.tolist()),
    lambda labels: [[label] for label in labels.tolist()],
    lambda labels: pd.Categorical(labels),
    lambda labels: pd.Index(labels),
)


def _no_labels(codes):
    n = len(codes)
    return (
        *(None, "labels", 3, 1.5, [], {}, set(), object(), np.zeros(()), np.zeros((0, 2))),
        *(np.zeros((n, 2, 2)), range(n), [None] * n, [[]] * n, pd.Series(dtype=object), np.nan),
        *([np.nan] * n, [pd.NA] * n, dict(enumerate(codes)), np.empty(n, object), ["a", 1] * n),
    )


# ------------------------------------------------------------------------------------- parameters


def draw_parameters(draw, valid, flaw="nothing", keep=()):
    """Draw some parameters of a table, each from its values; where they are the flaw, any at all.

    Parameters
    ----------
    draw : callable
    valid : dict of str to tuple
    flaw : str
        Of the sample: "parameters" and "all" put junk in the place of one or two.
    keep : sequence of str, default=()
        Those that are always set.

    Returns
    -------
    parameters : dict
    """
    names = [name for name in valid if name in keep or pick(draw, False, True)]
    parameters = {name: pick(draw, *valid[name]) for name in names}
    if flaw in ("parameters", "all"):
        for _ in range(pick(draw, 1, 2)):
            parameters[pick(draw, *valid)] = pick(draw, *JUNK)
    return parameters
