"""From beliefs and given labels to the probability that a label is wrong.

The step that records weighs models by it, and the step that detects flags rows by it, so it stands
below both. It knows arrays only, not where beliefs come from, and needs no torch. What else is read
from beliefs is one more pure function here.
"""
