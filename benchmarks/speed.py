"""What the whole pipeline costs beside what people train anyway, on one thread.

Each repeat makes its rows and times in turn, in one process:

- a bare PyTorch loop, which trains the pipeline's net on the rows and their corrupted copies and
  records nothing;
- the same training by skorch's own fit, likewise without recording;
- five-fold cross-validation of that net and cleanlab's filter on its probabilities;
- the whole pipeline of the paper's recipe, which corrupts, trains, records and detects;
- that of the default recipe, which trains a forest and, if that pays, the net on each half.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from cleanlab.filter import find_label_issues
from data import Setting, load, noises
from figures import plt
from harness import Benchmark, choose
from scoring import timed
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from skdynacor import LabelCorruptor, make_dynacor_pipeline
from skdynacor.datasets import make_label_noise
from skdynacor.nets import MLP, make_mlp_classifier

#: What is timed, and the column of its seconds.
FLOWS = {
    "bare loop": "bare loop seconds",
    "plain skorch": "plain skorch seconds",
    "five folds": "five folds seconds",
    "paper": "paper seconds",
    "default": "seconds",
}
#: What is compared with what: both recipes train what the other flows do.
RATIOS = {
    f"{recipe} / {other}": (recipe, other)
    for recipe, others in {
        "paper": ["bare loop", "plain skorch", "five folds"],
        "default": ["paper", "five folds"],
    }.items()
    for other in others
}


class Synthetic(NamedTuple):
    """Overlapping clusters, whatever the number of features, with a fifth of the labels wrong."""

    rows: int
    features: int
    data = "synthetic"
    noise = "symmetric 0.2"

    def make(self, seed, n_classes=10, empty=np.empty):
        """Return X, given labels and the mask of wrong ones; X is written by the part."""
        rng = np.random.default_rng(seed)
        y_true = rng.integers(0, n_classes, self.rows)
        centers = rng.standard_normal((n_classes, self.features)) * 3.4 / self.features**0.5
        X = empty(shape=(self.rows, self.features), dtype=np.float32)
        for start in range(0, self.rows, 10_000):
            y_part = y_true[start : start + 10_000]
            X_part = rng.standard_normal((len(y_part), self.features), dtype=np.float32)
            X[start : start + 10_000] = X_part + centers.astype(np.float32)[y_part]
        return X, *make_label_noise(y_true, "symmetric", 0.2, random_state=seed)


def first_settings(benchmark, synthetic):
    """List one setting of each data set: the first of its kinds of noise that are asked for."""
    with benchmark.refusals():
        for path in benchmark.paths:
            known = [synthetic.noise] if path == synthetic.data else noises(path)
            noise = choose(benchmark.args.noise, known, f"noise of {path}")[0]
            yield synthetic if path == synthetic.data else Setting(path, noise)


def refuse_jobs(benchmark):
    """Refuse to measure costs side by side."""
    if benchmark.args.jobs != 1:
        benchmark.parser.error(
            f"--jobs must be 1, since runs side by side slow each other down; "
            f"got {benchmark.args.jobs}."
        )


def encode(y):
    """Number the classes from 0, as nets and cleanlab want them."""
    return np.unique(y, return_inverse=True)[1]


def count_distinct(*trajectories):
    """Count the distinct rows of quantised trajectories, together."""
    bits = [np.packbits(T > 0, axis=1) for T in trajectories]
    return len(np.unique(np.concatenate(bits), axis=0))


def bare_loop(X, y, module, device, epochs=20, batch_size=128):
    """Train the default net as its settings say, and nothing else."""
    X, y = torch.as_tensor(X, device=device), torch.as_tensor(y, device=device)
    net = MLP(**module).to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=3e-7)
    for _ in range(epochs):
        for index in torch.randperm(len(X), device=device).split(batch_size):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(X[index]), y[index])
            loss.backward()
            optimizer.step()
        schedule.step()
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def five_folds(net, X, y):
    """Find label errors as cleanlab's users do."""
    probabilities = cross_val_predict(net, X, y, cv=5, method="predict_proba")
    find_label_issues(y, probabilities, n_jobs=1)


def time_flows(X, y, device, seed):
    """Return the seconds of each flow, and the fitted pipeline of the paper's recipe."""
    copies = LabelCorruptor(random_state=seed).fit_transform(X, y).corrupted
    rows, labels = np.concatenate([X, copies.data]), np.concatenate([y, copies.labels])
    module = {
        **{"n_features": X.shape[1], "n_classes": int(y.max()) + 1},
        **{"feature_mean": X.mean(axis=0), "feature_scale": X.std(axis=0)},
    }
    net = make_mlp_classifier(
        device=device,
        classes=list(range(module["n_classes"])),
        **{f"module__{name}": value for name, value in module.items()},
    )
    paper, default = (
        make_dynacor_pipeline(recipe=recipe, device=device, random_state=seed)
        for recipe in ("paper", "transition")
    )
    torch.manual_seed(seed)
    calls = {
        "bare loop": (bare_loop, rows, labels, module, device),
        "plain skorch": (net.fit, rows, labels),
        "five folds": (five_folds, net, X, y),
        "paper": (paper.fit_predict, X, y),
        "default": (default.fit_predict, X, y),
    }
    return {flow: timed(*call)[1] for flow, call in calls.items()}, paper


@lru_cache
def warm_up(n_features, device):
    """Load what is loaded at the first call."""
    X, y, _ = Synthetic(300, n_features).make(0)
    time_flows(X, y, device, 0)


@threadpool_limits.wrap(limits=1)
def measure(argument, seed, variants):
    """Give the seconds of every flow, and how many times as long recipes take as others."""
    setting, device = argument
    X, y, _ = setting.make(seed)
    warm_up(X.shape[1], device)
    seconds, paper = time_flows(X, encode(y), device, seed)
    costs = {
        **{column: seconds[flow] for flow, column in FLOWS.items() if column != "seconds"},
        **{ratio: seconds[one] / seconds[other] for ratio, (one, other) in RATIOS.items()},
        "distinct": count_distinct(paper[1].dynamics_),
        "seconds": seconds["default"],
    }
    return [costs]


def summarize(table):
    """Say the medians over the repeats, with the lowest and the highest."""
    first, parts = table.iloc[0], []
    for ratio in RATIOS:
        each = table[ratio]
        parts.append(f"{ratio} {each.median():.2f} ({each.min():.2f}-{each.max():.2f})")
    return (
        f"{first.rows} x {first.features} on {first.device}, medians over {len(table)} runs "
        f"(lowest to highest): {'; '.join(parts)}"
    )


def draw(groups):
    """Draw the median seconds of every flow as bars, from lowest to highest as whiskers."""
    figure, panels = plt.subplots(
        len(groups), squeeze=False, figsize=(8, 0.6 + 1.9 * len(groups)), layout="constrained"
    )
    for axes, ((data, rows, features, device), table) in zip(panels[:, 0], groups, strict=True):
        seconds = table[list(FLOWS.values())]
        median = seconds.median()
        whiskers = [median - seconds.min(), seconds.max() - median]
        colors = ["C3" if flow in ("paper", "default") else "C7" for flow in FLOWS]
        axes.barh(list(FLOWS), median, xerr=whiskers, color=colors, capsize=4)
        axes.invert_yaxis()
        axes.set_title(f"{data}, {rows} x {features} on {device}")
    panels[-1, 0].set_xlabel("seconds on one thread, median of the repeats")
    return figure


def main():
    """Measure, print every repeat and the medians, and draw."""
    benchmark = Benchmark("speed", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add("--rows", type=int, default=20_000, help="of synthetic data (default: %(default)s)")
    add("--features", type=int, default=512, help="of synthetic data (default: %(default)s)")
    add("--device", default="cpu", help="where every flow trains (default: %(default)s)")
    benchmark.parser.set_defaults(seeds=5)
    args = benchmark.parse()
    refuse_jobs(benchmark)
    units = []
    for setting in first_settings(benchmark, Synthetic(args.rows, args.features)):
        made = isinstance(setting, Synthetic)
        rows, features = setting if made else load(setting.path).X.shape
        keys = {"data": setting.data, "noise": setting.noise, "rows": rows, "features": features}
        units.append(({**keys, "device": args.device}, (setting, args.device)))
    table = benchmark.run(units, [{}], measure)

    groups = list(table.groupby(["data", "rows", "features", "device"], sort=False))
    print(f"\n{table.drop(columns='versions').to_string(index=False)}\n")
    for _, group in groups:
        print(summarize(group))
    benchmark.save(draw(groups))


if __name__ == "__main__":
    main()
