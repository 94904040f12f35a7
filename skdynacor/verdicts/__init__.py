"""A person's verdicts on some labels recalibrate the probabilities of all.

It knows arrays only, and needs no torch. The documentation has the mathematics on one page.
"""

from ._review_sample import ReviewSample

__all__ = ["ReviewSample"]
