"""What is known of the labels as a whole, in sentences that open everything that is shown."""

import numpy as np

#: The interval of the noise rate is wide from this ratio of its ends, and this many labels.
_WIDE, _MANY = 1.5, 10


def state(findings):
    """State whether labels can be learnt, how many are wrong, and how many rows are copies."""
    sentences = []
    if findings.learnability is not None:
        sentences.append(str(findings.learnability))
    if findings.is_reviewed:
        sentences += _state_review(findings)
    elif findings.learnability is not None and findings.learnability.is_enough:
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
            "an error, or classes overlap there, cannot be read from the data. Look at 20 rows "
            "(about five minutes) to settle it."
        ]
    number = round_count(findings.noise_rate * n_rows)
    return [f"About {number:,} of {n_rows:,} labels are wrong."] if number else []


def _state_review(findings):
    """State what verdicts tell of all labels."""
    n_rows, n_wrong = len(findings.flags), int((findings.verdicts == 1).sum())
    n_right = int((findings.verdicts == 0).sum())
    low, high = (round_count(rate * n_rows) for rate in findings.noise_rate_interval)
    sentences = [
        f"After {n_wrong + n_right:,} verdicts ({n_wrong:,} wrong, {n_right:,} right), between "
        f"{max(low, n_wrong):,} and {high:,} of {n_rows:,} labels are wrong (95 % interval); about "
        f"{round_count(findings.n_remaining):,} of them are neither flagged nor reviewed. About "
        f"{round_count(findings.verdicts_needed):,} more verdicts would halve the interval."
    ]
    n_flagged, n_errors = findings.reviewed_flags
    if n_flagged and not n_errors:
        most = 1 - 0.05 ** (1 / n_flagged)
        sentences.append(
            f"None of the {n_flagged:,} labels that looked wrong and were reviewed is: at most "
            f"{most:.0%} of such labels are wrong (95 %)."
        )
    return sentences


def round_count(number):
    """Round to two digits, and to whole numbers."""
    digits = max(0, int(np.floor(np.log10(max(number, 1)))) - 1)
    return int(round(number, -digits))
