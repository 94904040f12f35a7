"""What both methods cost, and find, beside plain training and cleanlab, on one thread.

Each repeat makes its rows and times in turn, in one process:

- a bare PyTorch loop, which trains the net of the paper's method on the rows and their corrupted
  copies, and records nothing;
- the same training by skorch's own fit, likewise without recording;
- cleanlab's flow with that net, with logistic regression and with extra trees: five-fold
  cross-validation, and its filter on the probabilities;
- the paper's pipeline, which corrupts, trains, records and detects;
- the default.

The flags are scored, too. Logistic regression and trees stay on the CPU whatever the device.
"""

from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from cleanlab.filter import find_label_issues
from matplotlib.ticker import LogLocator
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from skdynacor import LabelCorruptor, LabelErrorDetector, make_dynacor_pipeline
from skdynacor.nets import MLP, make_mlp_classifier

from ..lib.classifiers import make_logistic, make_trees
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import METHODS
from ..lib.scoring import percent_f1, timed
from ..lib.synthetic import Synthetic, first_settings, refuse_jobs, shape_of

#: What trains and flags nothing.
TRAININGS = ("bare loop", "plain skorch")
#: What flags: its colour, which colour-blind readers tell from the others, and its marker.
MARKS = {
    "cleanlab, net": ("#009E73", "D"),
    "cleanlab, logistic": ("#E69F00", "^"),
    "cleanlab, trees": ("#CC79A7", "v"),
    "paper": ("#0072B2", "s"),
    "default": ("#D55E00", "o"),
}
FLOWS = (*TRAININGS, *MARKS)
OTHERS = tuple(flow for flow in FLOWS if flow not in METHODS)


def encode(y):
    """Number the classes from 0, as nets and cleanlab want them."""
    return np.unique(y, return_inverse=True)[1]


def count_distinct(*trajectories):
    """Count the distinct rows of quantised trajectories, together."""
    bits = [np.packbits(T > 0, axis=1) for T in trajectories]
    return len(np.unique(np.concatenate(bits), axis=0))


def bare_loop(X, y, module, device, epochs=20, batch_size=128):
    """Train the net of the paper's method as its settings say, and nothing else."""
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


def run_cleanlab(classifier, X, y):
    """Find label errors as cleanlab's users do; y are positions of classes."""
    probabilities = cross_val_predict(classifier, X, y, cv=5, method="predict_proba")
    return find_label_issues(y, probabilities, n_jobs=1)


def make_methods(device, seed):
    """Name both methods."""
    settings = {"device": device, "random_state": seed}
    return {
        "paper": make_dynacor_pipeline(**settings),
        "default": LabelErrorDetector(**settings),
    }


def make_flows(X, y, methods, device, seed):
    """Name the flows, each a function and its arguments, in the order of ``FLOWS``."""
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
    return {
        "bare loop": (bare_loop, rows, labels, module, device),
        "plain skorch": (net.fit, rows, labels),
        "cleanlab, net": (run_cleanlab, net, X, y),
        "cleanlab, logistic": (run_cleanlab, make_logistic(X.shape[1]), X, y),
        "cleanlab, trees": (run_cleanlab, make_trees(seed), X, y),
        **{name: (pipe.fit_predict, X, y) for name, pipe in methods.items()},
    }


def time_flows(X, y, methods, device, seed):
    """Run the flows in turn; return what each gave, and its seconds."""
    flows = make_flows(X, y, methods, device, seed)
    torch.manual_seed(seed)
    return {flow: timed(*call) for flow, call in flows.items()}


@lru_cache
def warm_up(n_features, device):
    """Load what is loaded at the first call."""
    X, y, _ = Synthetic(300, n_features).make(0)
    time_flows(X, y, make_methods(device, 0), device, 0)


@threadpool_limits.wrap(limits=1)
def measure(argument, seed, variants):
    """Give each flow's seconds and F1, and how many times as long methods take as others."""
    setting, device = argument
    X, y, wrong = setting.make(seed)
    warm_up(X.shape[1], device)
    methods = make_methods(device, seed)
    runs = time_flows(X, encode(y), methods, device, seed)
    seconds = {flow: run[1] for flow, run in runs.items()}
    costs = {
        **{f"{flow} seconds": seconds[flow] for flow in FLOWS},
        **{f"{flow} F1": percent_f1(wrong, runs[flow][0]) for flow in MARKS},
        **{
            f"{one} / {other}": seconds[one] / seconds[other] for one in METHODS for other in OTHERS
        },
        "distinct": count_distinct(methods["paper"][1].dynamics_),
        "seconds": sum(seconds.values()),
    }
    return [costs]


def spread(values):
    """Write a median, with the lowest and the highest value."""
    return f"{values.median():.2f} ({values.min():.2f}-{values.max():.2f})"


def print_costs(table):
    """Print the medians over the repeats: seconds and F1 by flow, and ratios by method."""
    first = table.iloc[0]
    print(
        f"\n{first.data}, {first.noise}, {first.rows} x {first.features} on {first.device}, one "
        f"thread: medians over {len(table)} repeats (lowest-highest)\n"
    )
    seconds = {flow: spread(table[f"{flow} seconds"]) for flow in FLOWS}
    scores = {flow: f"{table[f'{flow} F1'].median():.1f}" for flow in MARKS}
    print(pd.DataFrame({"seconds": seconds, "F1, %": scores}, index=FLOWS).fillna("").to_string())
    ratios = {
        method: {f"/ {other}": spread(table[f"{method} / {other}"]) for other in OTHERS}
        for method in METHODS
    }
    print(f"\n{pd.DataFrame(ratios).to_string()}")


def draw(groups):
    """Draw F1 against seconds, every repeat a marker; what does not flag is a line."""
    figure, panels = plt.subplots(
        len(groups), squeeze=False, figsize=(8, 4.5 * len(groups)), layout="constrained"
    )
    for axes, ((data, noise, *shape, device), table) in zip(panels[:, 0], groups, strict=True):
        draw_flows(axes, table)
        draw_trainings(axes, table)
        axes.set_title(f"{data}, {noise}, {' x '.join(map(str, shape))} on {device}")
    panels[-1, 0].set_xlabel("seconds on one thread")
    return figure


def draw_flows(axes, table):
    """Draw what flags, each with a marker and colour of its own."""
    for flow, (color, marker) in MARKS.items():
        at = table[f"{flow} seconds"], table[f"{flow} F1"]
        axes.plot(*at, marker, color=color, alpha=0.8, mec="white", mew=0.5, label=flow)
    axes.set(xscale="log", ylabel="F1 of the flags, %")
    axes.margins(x=0.25, y=0.2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower left")


def draw_trainings(axes, table):
    """Draw the median seconds of what does not flag, with their names on the outer sides."""
    seconds = table[[f"{flow} seconds" for flow in TRAININGS]].median().sort_values()
    for (column, at), side in zip(seconds.items(), ("right", "left"), strict=True):
        axes.axvline(at, color="0.4", ls="--")
        name = f" {column.removesuffix(' seconds')} "
        across = axes.get_xaxis_transform()  # seconds, and a share of the height
        axes.text(at, 0.02, name, transform=across, rotation=90, ha=side, va="bottom", color="0.3")


def main():
    """Measure, print the medians, and draw."""
    benchmark = Benchmark("speed", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add("--rows", type=int, default=20_000, help="of synthetic data (default: %(default)s)")
    add("--features", type=int, default=512, help="of synthetic data (default: %(default)s)")
    add("--device", default="cpu", help="where nets train (default: %(default)s)")
    benchmark.parser.set_defaults(seeds=5)
    device = benchmark.parse().device
    refuse_jobs(benchmark)
    units, synthetic = [], Synthetic(benchmark.args.rows, benchmark.args.features)
    for setting in first_settings(benchmark, synthetic):
        rows, features = shape_of(setting)
        keys = {"data": setting.data, "noise": setting.noise, "rows": rows, "features": features}
        units.append(({**keys, "device": device}, (setting, device)))
    table = benchmark.run(units, [{}], measure)

    groups = list(table.groupby(list(units[0][0]), sort=False))
    for _, group in groups:
        print_costs(group)
    benchmark.save(draw(groups))


if __name__ == "__main__":
    main()
