"""What is known of the labels as a whole, in sentences that open everything that is shown."""

import numpy as np

#: The interval of the noise rate is wide from this ratio of its ends, and this many labels.
_WIDE, _MANY = 1.5, 10


def state(findings):
    """State whether labels can be learnt, how many are wrong, and how many rows are copies."""
    sentences = []
    if findings.learnability is not None:
        sentences.append(str(findings.learnability))
    if findings.learnability is not None and findings.learnability.is_enough:
        sentences += _state_number(findings)
    if findings.duplicated_share:
        share = 100 * findings.duplicated_share
        sentences.append(
            f"{share:.2g} % of the rows equal another row in all features; no model scores a row "
            "that it was trained on, or a copy of it."
        )
    return sentences


def _state_number(findings):
    n_rows = len(findings.flags)
    low, high = (round_count(rate * n_rows) for rate in findings.noise_rate_interval)
    if high > _WIDE * low and high - low >= _MANY:
        return [
            f"Between {low:,} and {high:,} of {n_rows:,} labels may be wrong: whether a label is "
            "an error, or classes overlap there, cannot be read from the data alone."
        ]
    number = round_count(findings.noise_rate * n_rows)
    return [f"About {number:,} of {n_rows:,} labels are wrong."] if number else []


def round_count(number):
    """Round to two digits, and to whole numbers."""
    digits = max(0, int(np.floor(np.log10(max(number, 1)))) - 1)
    return int(round(number, -digits))
