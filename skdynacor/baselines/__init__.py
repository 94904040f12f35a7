"""Other label error detectors, with the same interface.

``AverageEncoder`` takes the dynamics of a ``DynamicsCollector``; the others take rows and their
given labels. All have ``flags_`` (True where the label is likely wrong), ``fit_predict``, and a
score for ranking. A new one is a subclass of ``TransductiveDetector``, or of
``TrajectoryDetector`` if it takes dynamics.
"""

from ._aum import AUM
from ._average_encoder import AverageEncoder
from ._confident_learning import ConfidentLearning
from ._cores import CORES
from ._simifeat import SimiFeatR, SimiFeatV

__all__ = ["AUM", "CORES", "AverageEncoder", "ConfidentLearning", "SimiFeatR", "SimiFeatV"]
