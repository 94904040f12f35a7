"""Table 4 of the paper: what each part of the encoder's loss adds.

The untrained encoder, the clustering alone (α = 0), and clustering with alignment (the default).
"""

from skdynacor import DynaCorDetector

from ..lib.figures import dots
from ..lib.harness import Benchmark
from ..lib.recording import record

LOSSES = {
    "untrained": {"max_epochs": 0},
    "cluster": {"alpha": 0.0},
    "cluster+align": {},
}


def detect(argument, seed, variants):
    """Yield the scores of the detector with each loss."""
    setting, cache = argument
    recording = record(setting, seed, cache=cache)
    for variant in variants:
        yield recording.detect(DynaCorDetector(random_state=seed, **LOSSES[variant["loss"]]))


def main():
    """Measure, print the table, and draw."""
    benchmark = Benchmark("losses", __doc__)
    args = benchmark.parse()
    table = benchmark.run(benchmark.units(args.cache), [{"loss": loss} for loss in LOSSES], detect)
    benchmark.report(table, "loss")
    benchmark.save(dots(table, "loss", "F1 by the encoder's loss"))


if __name__ == "__main__":
    main()
