"""Small tables with label errors, and a way to call the command."""

import numpy as np
import pandas as pd
import pytest

from skdynacor.command_line.main import main
from skdynacor.datasets import make_label_noise


@pytest.fixture(scope="session")
def mixed_table():
    """A table of numbers, categories, dates and gaps, and the mask of label errors."""
    rng = np.random.default_rng(0)
    n = 400
    y_true = rng.integers(0, 3, n)
    y, wrong = make_label_noise(y_true, "symmetric", 0.1, random_state=1)
    days = pd.to_timedelta(rng.normal(200 + 200 * y_true, 60, n).round(), unit="D")
    table = pd.DataFrame(
        {
            "customer": [f"c{i:05d}" for i in rng.permutation(n)],
            "age": rng.normal(30 + 15 * y_true, 6).round(1),
            "visits": rng.poisson(3 + 4 * y_true).astype(float),
            "plan": np.where(rng.random(n) < 0.8, y_true, rng.integers(0, 5, n)),
            "since": (pd.Timestamp("2020-01-01") + days).strftime("%Y-%m-%d"),
        }
    )
    table["plan"] = table["plan"].map(dict(enumerate(["free", "basic", "pro", "team", "other"])))
    for name in ["age", "visits", "plan", "since"]:
        table.loc[rng.random(n) < 0.08, name] = None
    table["label"] = np.array(["bronze", "silver", "gold"])[y]
    return table, wrong


@pytest.fixture(scope="session")
def mixed_csv(mixed_table, tmp_path_factory):
    path = tmp_path_factory.mktemp("mixed") / "customers.csv"
    mixed_table[0].to_csv(path, index=False)
    return path


@pytest.fixture
def command(capsys):
    """Call the command; return its exit code, stdout and stderr."""

    def command(*args):
        code = main(list(map(str, args)))
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def refused(command):
    """Call ``find`` with bad input; return its error, which must be one line."""

    def refused(*args):
        code, out, err = command("find", *args)
        assert (code, out) == (2, "")
        assert err.startswith("skdynacor: error: ")
        assert err.count("\n") == 1
        return err

    return refused
