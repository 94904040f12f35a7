"""Can the labels be learnt at all, and what may be expected of the flags?"""

from dataclasses import dataclass

import numpy as np

#: Share of the labels not of the commonest class that models must predict for flags to be trusted.
_ENOUGH = 0.2


@dataclass(frozen=True)
class Learnability:
    """How well models predict the given labels out of sample, and what flags may be worth.

    Parameters
    ----------
    accuracy : float
        Share of the given labels that the models predict out of sample.
    accuracy_error : float
        Standard error of ``accuracy``.
    majority_share : float
        Share of the commonest class: the accuracy of always predicting it.
    evidence : float
        How surely the labels follow from the features at all, from 0 (perhaps not; no label is
        flagged) to 1.
    expected_precision : float
        Expected share of the flagged labels that are wrong; NaN without flags.
    least_precision : float
        The same if classes overlap as far as labels far from the other classes allow, by the
        transition matrix of the anchors; with verdicts, no other than ``expected_precision``.
    expected_recall : float
        Expected share of the wrong labels that are flagged; NaN if none is expected.
    """

    accuracy: float
    accuracy_error: float
    majority_share: float
    evidence: float
    expected_precision: float
    least_precision: float
    expected_recall: float

    @property
    def is_enough(self):
        """Whether models predict enough of what the commonest class leaves open to trust flags."""
        predicted = (self.accuracy - self.majority_share) / (1 - self.majority_share)
        return bool(self.evidence > 0 and predicted >= _ENOUGH)

    def __str__(self):
        reached, common = _percent(self.accuracy, self.majority_share)
        if not self.is_enough:
            return (
                f"Models hardly beat the commonest class ({reached} against {common} %): these "
                "labels hardly follow from these columns, and flags are guesses."
            )
        text = f"Models reach {reached} % where the commonest class has {common} %"
        if np.isnan(self.expected_precision):
            return f"{text}: no label is more likely wrong than right."
        low, high = (round(10 * each) for each in (self.least_precision, self.expected_precision))
        if low >= high:
            how_many = "nearly all" if high == 10 else f"about {high} of 10"
        else:
            how_many = f"at least {low} of 10" if high == 10 else f"between {low} and {high} of 10"
        return f"{text}: {how_many} flags should be right."


def assess(log_probs, labels, noise_probability, least_probability, flags, evidence):
    """Assess out-of-sample log-probabilities, and flags beside the probability of an error.

    ``least_probability`` is that if classes overlap most.
    """
    accuracy = float(np.mean(log_probs.argmax(axis=1) == labels))
    of_flagged, least = noise_probability[flags], least_probability[flags]
    n_wrong = noise_probability.sum()
    return Learnability(
        accuracy=accuracy,
        accuracy_error=float(np.sqrt(accuracy * (1 - accuracy) / len(labels))),
        majority_share=float(np.bincount(labels).max() / len(labels)),
        evidence=evidence,
        expected_precision=float(of_flagged.mean()) if len(of_flagged) else np.nan,
        least_precision=float(least.mean()) if len(least) else np.nan,
        expected_recall=float(of_flagged.sum() / n_wrong) if n_wrong > 0 else np.nan,
    )


def _percent(*shares):
    """Write shares in percent, with decimals if they would be equal without."""
    for n_decimals in (0, 1):
        texts = [f"{100 * share:.{n_decimals}f}" for share in shares]
        if len(set(texts)) == len(texts):
            break
    return texts
