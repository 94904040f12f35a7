"""Does the estimated rate of wrong labels rise with the noise, and is it right?

Ever more of the same rows get wrong labels: each rate adds to those before it. A rate falls beyond
error where its mean over the seeds is lower than at less noise, by more than two standard errors of
the difference.
"""

import numpy as np
import pandas as pd
from data import load
from figures import plt
from harness import Benchmark, choose
from metamorphic import DATA, METHODS
from scoring import timed

#: Shares of the rows that get wrong labels.
RATES = (0.0, 0.1, 0.2, 0.3)
#: Cleaning estimates no rate.
ESTIMATING = [name for name in METHODS if name != "cleaning"]


def plant(y_true, rate, seed):
    """Give labels a share of which is wrong, the same ones and more of them at a higher rate.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Right labels.
    rate : float
    seed : int

    Returns
    -------
    codes : ndarray of shape (n_samples,)
        From 0 to n_classes − 1.
    """
    codes = np.unique(y_true, return_inverse=True)[1]
    n_classes, n = codes.max() + 1, len(codes)
    rng = np.random.default_rng([seed, 16])
    chosen = rng.permutation(n)[: round(rate * n)]
    others = (codes + rng.integers(1, n_classes, n)) % n_classes
    codes[chosen] = others[chosen]
    return codes


def estimate(argument, seed, variants):
    """Yield the rate that each method estimates."""
    path, rate = argument
    data = load(path)
    codes = plant(data.y_true, rate, seed)
    for variant in variants:
        (fitted, _), seconds = timed(METHODS[variant["method"]].fit, data.X, codes, seed)
        detector = getattr(fitted, "steps", [("", fitted)])[-1][1]
        yield {"noise rate": float(detector.noise_rate_), "seconds": float(seconds)}


def steps(table):
    """Compare the rates at each noise with those at less noise, seed by seed.

    Returns
    -------
    steps : DataFrame
        One row a data set, method and rise of the noise: the ``mean`` step of the estimated rate,
        its standard ``error``, the share of seeds where it ``fell``, and whether the mean falls
        ``beyond`` two standard errors.
    """
    rates = table.pivot(index=["data", "method", "seed"], columns="planted", values="noise rate")
    by_case = rates.diff(axis=1).iloc[:, 1:].groupby(["data", "method"], sort=False)
    errors = by_case.std().fillna(0) / np.sqrt(by_case.count())
    fell = rates.diff(axis=1).iloc[:, 1:].lt(0).groupby(["data", "method"], sort=False).mean()
    found = {"mean": by_case.mean(), "error": errors, "fell": fell}
    stacked = {name: each.stack() for name, each in found.items()}
    mean, error = stacked["mean"], stacked["error"]
    return pd.DataFrame(
        {"mean": mean, "error": error, "fell": stacked["fell"], "beyond": mean < -2 * error}
    )


def print_summary(table):
    """Print the mean rates, and where they fall."""
    groups = table.groupby(["data", "method", "planted"], sort=False)["noise rate"]
    text = groups.agg(lambda rates: f"{rates.mean():.3f} ± {rates.std(ddof=1):.3f}")
    print(f"\nestimated rate, mean ± standard deviation over {table.seed.nunique()} seeds\n")
    print(text.unstack().to_string())
    found = steps(table)
    beyond = found[found.beyond]
    print(f"\nlower at more noise: the mean in {(found['mean'] < 0).sum()} of {len(found)} steps,")
    print(f"by more than two standard errors in {len(beyond)}; of single seeds, by method, in %\n")
    print(
        (100 * found.fell.groupby("method", sort=False).mean()).to_string(
            float_format="{:.1f}".format
        )
    )
    for (data, method, rate), step in beyond.iterrows():
        print(f"  {method}, {data}, to {rate}: {step['mean']:.3f} ± {step.error:.3f}")


def draw(table):
    """Draw estimated rates against those planted, a panel a data set."""
    panels = list(table.groupby("data", sort=False))
    figure, axes = plt.subplots(
        1,
        len(panels),
        figsize=(1 + 3 * len(panels), 3.4),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for axis, (data, rows) in zip(axes[0], panels, strict=True):
        axis.plot(RATES, RATES, color="0.7", lw=4, label="planted")
        for method, rates in rows.groupby("method", sort=False):
            groups = rates.groupby("planted")["noise rate"]
            spread = groups.std().fillna(0)
            axis.errorbar(
                spread.index, groups.mean(), spread, label=method, capsize=2, marker="o", ms=4
            )
        axis.set(title=data, xlabel="share of wrong labels planted")
    axes[0, 0].set_ylabel("estimated")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    return figure


def main():
    """Measure, print the tables, and draw."""
    benchmark = Benchmark("more_noise", __doc__, data=DATA[0])
    benchmark.parser.set_defaults(data=DATA, seeds=5)
    benchmark.parser.add_argument("--methods", nargs="+", help=f"of {', '.join(ESTIMATING)}")
    args = benchmark.parse()
    with benchmark.refusals():
        methods = choose(args.methods, ESTIMATING, "method")
    units = [
        ({"data": path, "planted": rate}, (path, rate))
        for path in benchmark.paths
        for rate in RATES
    ]
    table = benchmark.run(units, [{"method": method} for method in methods], estimate)
    print_summary(table)
    benchmark.save(draw(table))


if __name__ == "__main__":
    main()
