import math

import pytest
import torch
from aum import AUMCalculator
from torch.testing import assert_close

from skdynacor.dynacor.recording.signals import SIGNALS
from skdynacor.training.logits import logits_from_log_odds, logits_from_probabilities

LOGITS = torch.tensor([[2.0, 1.0, -1.0], [0.0, 3.0, 2.5], [1.0, 1.0, 0.0], [-4.0, 0.0, 5.0]])
LABELS = torch.tensor([0, 2, 1, 0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logit_difference", [1.0, -0.5, 0.0, -9.0]),
        ("quantized_logit_difference", [1.0, -1.0, 1.0, -1.0]),  # a tie agrees
    ],
)
def test_by_hand(name, expected):
    assert_close(SIGNALS[name](LOGITS, LABELS), torch.tensor(expected))


def test_probabilities_by_hand():
    expected = [
        math.exp(row[label]) / sum(map(math.exp, row))
        for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True)
    ]
    assert_close(SIGNALS["confidence"](LOGITS, LABELS), torch.tensor(expected))
    assert_close(SIGNALS["cross_entropy"](LOGITS, LABELS), -torch.tensor(expected).log())


@pytest.mark.parametrize("name", SIGNALS)
def test_one_row_and_nan(name):
    logits = torch.tensor([[torch.nan, 1.0]])
    assert SIGNALS[name](logits, torch.tensor([0])).isnan().all()
    assert SIGNALS[name](torch.zeros(1, 2), torch.tensor([1])).shape == (1,)


@pytest.mark.parametrize("name", SIGNALS)
def test_probabilities_give_the_signals_of_their_logits(name):
    from_probabilities = logits_from_probabilities(LOGITS.softmax(dim=1))
    assert_close(SIGNALS[name](from_probabilities, LABELS), SIGNALS[name](LOGITS, LABELS))


def test_a_probability_of_zero_stays_finite():
    logits = logits_from_probabilities(torch.tensor([[0.0, 1.0]]))
    for signal in SIGNALS.values():
        assert signal(logits, torch.tensor([0])).isfinite().all()


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_log_odds_are_the_difference_of_two_logits(shape):
    odds = torch.tensor([2.0, -1.0, 0.0, 5.0])
    logits = logits_from_log_odds(odds.reshape(shape))
    assert_close(SIGNALS["logit_difference"](logits, torch.ones(4, dtype=torch.int64)), odds)
    assert_close(logits.softmax(dim=1)[:, 1], odds.sigmoid())


def test_the_margins_are_those_of_the_aum_package(tmp_path):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 5, (40,), generator=generator)
    calculator = AUMCalculator(str(tmp_path), compressed=True)
    margins = []
    for _ in range(3):
        logits = torch.randn(40, 5, generator=generator)
        margins.append(SIGNALS["logit_difference"](logits, labels))
        records = calculator.update(logits, labels, list(range(40)))
        assert_close(margins[-1], torch.tensor([records[k].margin for k in range(40)]))
    aum = torch.tensor([records[k].aum for k in range(40)])
    assert_close(torch.stack(margins).mean(dim=0), aum)
