"""Choice of feature columns."""

import numpy as np
import pandas as pd
import pytest

from skdynacor.command_line.bad_input import BadInput
from skdynacor.command_line.columns import choose_columns

N = 60
RNG = np.random.default_rng(0)
LABELS = np.where(np.arange(N) % 3, "yes", "no")
WORDS = np.array([f"word{i}" for i in range(30)])
TEXTS = [" ".join(RNG.choice(WORDS, 9)) for _ in range(N)]


def choose(values, **params):
    frame = pd.DataFrame({"column": values, "other": np.arange(N) % 7})
    return choose_columns(frame, pd.Series(LABELS), **params)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=N),
        RNG.integers(0, 1000, N),
        [f"{i * 1.1:.3f}" for i in range(N)],  # numbers as strings, each another
        [f"2020-{i % 12 + 1:02d}-{i % 28 + 1:02d} 10:{i:02d}" for i in range(N)],
        pd.date_range("2020", periods=N),
        RNG.choice(["red", "green", "blue"], N),
        RNG.choice([f"town {i}" for i in range(50)], N),
        pd.Categorical(RNG.choice(["red", "green"], N)),
        RNG.random(N) < 0.5,
        np.where(RNG.random(N) < 0.5, np.nan, 1.0),
        ["the same text that is in all of the rows"] * N,
    ],
)
def test_informative_columns_are_used(values):
    columns = choose(values)
    assert columns.features == ["column", "other"]
    assert columns.text_columns == columns.notices == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.arange(N) + 17, "identifies the rows"),
        (RNG.permutation(N), "identifies the rows"),
        ([f"u{i:04d}" for i in RNG.permutation(N)], "identifies the rows"),
        ([f"u{i}" if i > 4 else None for i in range(N)], "identifies the rows"),
        (np.where(LABELS == "yes", "Y", "N"), "is a copy of the label"),
        ((LABELS == "yes").astype(int), "is a copy of the label"),
        ([None] * N, "is empty"),
        (np.full(N, np.inf), "has infinite numbers"),
        (np.full(N, 1e300), "has infinite numbers"),
    ],
)
def test_uninformative_columns_are_left_out_and_named(values, reason):
    columns = choose(values)
    assert columns.features == ["other"]
    (notice,) = columns.notices
    assert notice.startswith(f"Left out 'column', which {reason}")


@pytest.mark.parametrize("name", ["id", "ID", "user_id", "user.Id", "userId", "AirportID"])
def test_numbers_named_id_are_left_out_if_all_differ(name):
    frame = pd.DataFrame({name: np.arange(N) * 3, "grid": np.arange(N) * 3})
    assert choose_columns(frame, pd.Series(LABELS)).features == ["grid"]
    frame.loc[0, name] = 3
    assert choose_columns(frame, pd.Series(LABELS)).features == [name, "grid"]


def test_columns_left_out_for_one_reason_are_named_together():
    frame = pd.DataFrame({"a": np.nan, "b": np.nan, "name": LABELS, "width": np.arange(N) % 9})
    assert choose_columns(frame, pd.Series(LABELS)).notices == [
        "Left out 'a', 'b', each of which is empty.",
        "Left out 'name', which is a copy of the label (--features learns from it).",
    ]


def test_text_is_found_and_can_be_named():
    columns = choose(TEXTS)
    assert (columns.features, columns.text_columns) == (["column", "other"], ["column"])
    assert columns.notices == ["Took 'column' for text; --text names the columns of text."]
    named = choose(TEXTS, text_columns=["column"])
    assert (named.text_columns, named.notices) == (["column"], [])


def test_columns_that_the_user_names_are_used():
    counts = choose(np.arange(N), features=["column"])
    assert counts == (["column"], [], [])
    assert choose(TEXTS, features=["other"], text_columns=["column"]).features == [
        "other",
        "column",
    ]
    assert choose(TEXTS, features=["column"]).text_columns == ["column"]
    with pytest.raises(BadInput, match="column 'column' is empty; leave it out"):
        choose([None] * N, features=["column"])
