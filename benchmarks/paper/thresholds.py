"""The paper's detector: which rows to flag, by two weights of its loss, copies, or 20 verdicts.

One training serves all. "best possible" is the threshold on the ranking that the right labels
choose. Verdicts are right, the rows are drawn by ``rows_to_review``, and the figures are means of
three draws, over the rows without a verdict. Of right labels, the share that is flagged counts.
"""

import numpy as np
import pandas as pd

from skdynacor import DynaCorDetector

from ..lib.data import RIGHT, noises_and_right
from ..lib.figures import dots
from ..lib.harness import Benchmark, kind_of_noise
from ..lib.recording import SIGNALS, record
from ..lib.scoring import best_threshold, score, timed
from ..lib.targets import print_targets

RULES = ["centroids, α = 0.05", "centroids", "copies", "best possible", "20 verdicts"]
N_VERDICTS, N_DRAWS = 20, 3
#: Mean F1 of the default and after verdicts, at least; share of right labels flagged after
#: verdicts, at most; in %.
LEAST_F1, LEAST_F1_AFTER, MOST_FLAGGED_AFTER = 73.5, 75.0, 1.0


def detect(argument, seed, variants):
    """Yield the scores of each rule."""
    setting, cache = argument
    recording = record(setting, seed, cache=cache)
    T, wrong = recording.dynamics[SIGNALS[0]], recording.wrong
    light, light_seconds = timed(DynaCorDetector(0.05, random_state=seed).fit, T)
    detector, seconds = timed(DynaCorDetector(random_state=seed).fit, T)
    probability, nothing = detector.noise_probability_, np.full(len(wrong), -1)
    by_copies = detector.set_params(threshold="copies").recalibrate(nothing).flags_
    best = probability >= (best_threshold(wrong, probability) if wrong.any() else np.inf)
    flags = {"centroids": probability > 0.5, "copies": by_copies, "best possible": best}
    seconds += recording.seconds
    for variant in variants:
        rule = variant["rule"]
        if rule in flags:
            yield score(wrong, flags[rule], probability, seconds)
        elif rule == "20 verdicts":
            yield score_after_verdicts(detector, wrong, seconds)
        else:
            light_seconds += recording.seconds
            yield score(wrong, light.flags_, light.noise_probability_, light_seconds)


def score_after_verdicts(detector, wrong, seconds):
    """Score the rows without a verdict, in the mean over draws."""
    nothing, scores = np.full(len(wrong), -1), []
    draws = [detector.rows_to_review(N_VERDICTS, random_state=draw) for draw in range(N_DRAWS)]
    detector.set_params(threshold="f1")
    for reviewed in draws:
        verdicts = nothing.copy()
        verdicts[reviewed] = wrong[reviewed]
        detector.recalibrate(verdicts)
        rest = verdicts < 0
        scores.append(
            score(wrong[rest], detector.flags_[rest], detector.noise_probability_[rest], seconds)
        )
    return pd.DataFrame(scores).mean().to_dict()


def print_summary(table):
    """Print means by setting and by kind of noise, and the goals."""
    points = table.assign(points=(100 * table.flagged).where(table.noise == RIGHT, table.F1))
    formats = {"float_format": "{:.1f}".format}
    settings = points.groupby(["data", "noise", "rule"], sort=False).points.mean().unstack()[RULES]
    print(f"\nmean F1 in % over {table.seed.nunique()} seeds; of {RIGHT}, rows flagged in %\n")
    print(settings.to_string(**formats))
    print("\nmeans by kind of noise\n")
    kinds = settings.index.get_level_values("noise").map(kind_of_noise)
    print(settings.groupby(kinds, sort=False).mean().to_string(**formats))
    is_right = settings.index.get_level_values("noise") == RIGHT
    f1, flagged = settings[~is_right].mean(), settings[is_right].mean()
    print(f"\nmeans over all settings with errors\n\n{f1.to_string(**formats)}\n")
    targets = [
        ("centroids: mean F1", f1["centroids"], LEAST_F1, True),
        ("20 verdicts: mean F1", f1["20 verdicts"], LEAST_F1_AFTER, True),
        ("20 verdicts: right labels flagged", flagged["20 verdicts"], MOST_FLAGGED_AFTER, False),
    ]
    print_targets(targets)


def main():
    """Measure, print the tables, and draw."""
    benchmark = Benchmark("thresholds", __doc__)
    args = benchmark.parse()
    units = [
        ({"data": setting.data, "noise": setting.noise}, (setting, args.cache))
        for setting in benchmark.settings(noises_and_right)
    ]
    table = benchmark.run(units, [{"rule": rule} for rule in RULES], detect)
    print_summary(table)
    noisy = table[table.noise != RIGHT]
    benchmark.save(dots(noisy, "rule", "F1 by the rule that flags rows"))


if __name__ == "__main__":
    main()
