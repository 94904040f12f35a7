"""The signals that can be recorded, each with the same detector.

All are recorded in one training.
"""

from skdynacor import DynaCorDetector

from ..lib.figures import dots
from ..lib.harness import Benchmark
from ..lib.recording import SIGNALS, record


def detect(argument, seed, variants):
    """Yield the scores of the detector on each signal."""
    setting, cache = argument
    recording = record(setting, seed, cache=cache)
    for variant in variants:
        yield recording.detect(DynaCorDetector(random_state=seed), variant["signal"])


def main():
    """Measure, print the table, and draw."""
    benchmark = Benchmark("signals", __doc__)
    args = benchmark.parse()
    table = benchmark.run(
        benchmark.units(args.cache), [{"signal": signal} for signal in SIGNALS], detect
    )
    benchmark.report(table, "signal")
    benchmark.save(dots(table, "signal", "F1 by the signal recorded"))


if __name__ == "__main__":
    main()
