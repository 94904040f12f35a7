"""Table 3 of the paper: which epoch of the encoder's training to keep.

The last; the one with the lowest Davies-Bouldin index of the two clusters; the one with the highest
validation metric (Eq. 9, the default); and the best possible, which is chosen by the right labels.
"""

import numpy as np
from sklearn.metrics import davies_bouldin_score, f1_score

from skdynacor import DynaCorDetector

from ..lib.figures import dots
from ..lib.harness import Benchmark
from ..lib.recording import SIGNALS, record
from ..lib.scoring import score, timed

RULES = ["last", "davies_bouldin", "eq9", "best_possible"]


def davies_bouldin(embeddings, flags):
    """Give the index, lower is better; infinity where there is one cluster only."""
    return davies_bouldin_score(embeddings, flags) if 0 < flags.mean() < 1 else np.inf


def stop(argument, seed, variants):
    """Yield the scores at the epoch that each rule chooses."""
    setting, cache = argument
    recording = record(setting, seed, cache=cache)
    T = recording.dynamics[SIGNALS[0]]
    detector, seconds = timed(DynaCorDetector(random_state=seed).fit, T)
    probabilities = [proba[:, 1] for proba in detector.staged_predict_proba(T)]
    indices = [
        davies_bouldin(embeddings, probability > 0.5)
        for (embeddings, _), probability in zip(
            detector.staged_transform(T), probabilities, strict=True
        )
    ]
    f1 = [f1_score(recording.wrong, p > 0.5, zero_division=0) for p in probabilities]
    chosen = {
        "last": len(f1) - 1,
        "davies_bouldin": int(np.argmin(indices)),
        "eq9": detector.best_epoch_,
        "best_possible": int(np.argmax(f1)),
    }
    for variant in variants:
        epoch = chosen[variant["rule"]]
        probability = probabilities[epoch]
        yield {
            "epoch": epoch,
            **score(recording.wrong, probability > 0.5, probability, recording.seconds + seconds),
        }


def main():
    """Measure, print the table, and draw."""
    benchmark = Benchmark("stopping", __doc__)
    args = benchmark.parse()
    table = benchmark.run(benchmark.units(args.cache), [{"rule": rule} for rule in RULES], stop)
    benchmark.report(table, "rule")
    print("\nmean epoch kept, of 8; 0 is the untrained encoder\n")
    print(table.groupby("rule", sort=False).epoch.mean().to_string(float_format="{:.1f}".format))
    benchmark.save(dots(table, "rule", "F1 by the rule that picks the encoder's epoch"))


if __name__ == "__main__":
    main()
