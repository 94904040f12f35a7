"""Find planted label errors in the digits that scikit-learn bundles."""

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score, precision_score, recall_score

from skdynacor import make_dynacor_pipeline
from skdynacor.datasets import make_label_noise

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def main():
    """Plant errors, find them, and write down what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)  # steps are small; several threads would wait for each other
    args.out.mkdir(parents=True, exist_ok=True)

    X, y_true = load_digits(return_X_y=True)
    rows, found = [], {}
    for kind, rate in [("symmetric", 0.3), ("asymmetric", 0.2)]:
        y, wrong = make_label_noise(y_true, kind, rate, random_state=args.seed)
        pipe = make_dynacor_pipeline(random_state=args.seed)
        start = time.perf_counter()
        flags = pipe.fit_predict(X, y)
        seconds = time.perf_counter() - start
        found[kind] = pipe, y, wrong, flags
        rows.append(
            {
                "planted errors": f"{kind} {rate:.0%}",
                "wrong": wrong.sum(),
                "flagged": flags.sum(),
                "precision": precision_score(wrong, flags),
                "recall": recall_score(wrong, flags),
                "F1": f1_score(wrong, flags),
                "seconds": seconds,
            }
        )
    print(f"{len(y_true)} images of handwritten digits, some labels replaced by wrong ones\n")
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.2f}".format))

    pipe, y, wrong, flags = found["symmetric"]
    probability = pipe[-1].noise_probability_
    issues = pd.DataFrame(
        {
            "row": np.arange(len(y)),
            "given_label": y,
            "noise_probability": probability.round(4),
            "suggested_label": pipe[-1].suggested_labels_,
            "planted": wrong,
            "true_label": y_true,
        }
    )
    issues = issues[flags].sort_values("noise_probability", ascending=False)
    issues.to_csv(args.out / "issues.csv", index=False)
    plot_trajectories(pipe[1].dynamics_, wrong, flags, args.out / "trajectories.png")
    print(f"\nWrote {args.out / 'issues.csv'} and {args.out / 'trajectories.png'}")


def plot_trajectories(T, wrong, flags, path):
    """Draw the share of right and wrong labels that the classifier agrees with, by epoch."""
    figure, (curves, rows) = plt.subplots(1, 2, figsize=(11, 4.2), width_ratios=[1, 1.15])
    epochs = np.arange(1, T.shape[1] + 1)
    for mask, name, color in [(~wrong, "right labels", "C0"), (wrong, "wrong labels", "C3")]:
        curves.plot(epochs, (T[mask] > 0).mean(axis=0), color=color, marker="o", ms=3, label=name)
    curves.set(xlabel="epoch", ylabel="share that the classifier agrees with", ylim=(-0.03, 1.03))
    curves.set_title("How labels are learnt")
    curves.xaxis.get_major_locator().set_params(integer=True)
    curves.legend(frameon=False)

    # Every row's trajectory, from those flagged to those not.
    order = np.lexsort([T.sum(axis=1), ~flags])
    image = np.where(T[order] > 0, 1, 0)
    rows.imshow(
        image,
        aspect="auto",
        cmap="RdBu",
        vmin=-0.3,
        vmax=1.3,
        interpolation="nearest",
        extent=(0.5, T.shape[1] + 0.5, len(T), 0),
    )
    rows.axhline(flags.sum(), color="black", lw=1)
    rows.text(T.shape[1], flags.sum() - len(T) * 0.02, "flagged", ha="right", va="bottom")
    rows.text(T.shape[1], flags.sum() + len(T) * 0.02, "not flagged", ha="right", va="top")
    rows.set(xlabel="epoch", ylabel="row, sorted")
    rows.set_title("Agrees (blue) or not (red), every row")
    rows.xaxis.get_major_locator().set_params(integer=True)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
