"""Tables 1 and 2 of the paper: every method on every data set and noise, with default settings.

All methods get the same features; those that train a classifier train the same net.
"""

from functools import lru_cache

from common import Benchmark, choose, dots, score, timed
from recording import record

from skdynacor import DynaCorDetector
from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)

#: Detectors that read dynamics, with the signal that they read; one training serves them all.
FROM_DYNAMICS = {
    "dynacor": (DynaCorDetector, "quantized_logit_difference"),
    "average_encoder": (AverageEncoder, "logit_difference"),
}
#: Detectors that take rows and labels.
FROM_ROWS = {
    "aum": AUM,
    "confident_learning": ConfidentLearning,
    "cores": CORES,
    "simifeat_v": SimiFeatV,
    "simifeat_r": SimiFeatR,
}
METHODS = [*FROM_DYNAMICS, *FROM_ROWS]


def detect(argument, seed, variants):
    """Yield the scores of each method on one setting."""
    setting, cache = argument
    record_once = lru_cache(lambda: record(setting, seed, cache=cache))
    X, y, wrong = setting.make(seed)
    for variant in variants:
        method = variant["method"]
        if method in FROM_DYNAMICS:
            make, signal = FROM_DYNAMICS[method]
            yield record_once().detect(make(random_state=seed), signal)
        else:
            detector = FROM_ROWS[method]()
            if "random_state" in detector.get_params():
                detector.set_params(random_state=seed)
            _, seconds = timed(detector.fit, X, y)
            yield score(wrong, detector.flags_, detector.noise_score_, seconds)


def main():
    """Measure, print both tables, and draw."""
    benchmark = Benchmark("detection", __doc__)
    benchmark.parser.add_argument(
        "--methods", nargs="+", help=f"only these of {', '.join(METHODS)}"
    )
    args = benchmark.parse()
    with benchmark.refusals():
        methods = choose(args.methods, METHODS, "method")
    variants = [{"method": method} for method in methods]
    table = benchmark.run(benchmark.units(args.cache), variants, detect)
    benchmark.report(table, "method")
    benchmark.save(dots(table, "method", "Wrong labels found, default settings"))


if __name__ == "__main__":
    main()
