"""What people would use instead: other detectors of wrong labels, with the same interface.

``AverageEncoder`` reads the trajectories of a ``DynamicsCollector``. The others take rows and their
given labels, and where they train a classifier, it is by default the one that ``DynamicsCollector``
trains. All give boolean ``flags_`` (True where the label is judged wrong) by ``fit_predict``, and a
score by which to rank. They may import any step. A new one is a module of its name, a subclass of
``TransductiveDetector``, or of ``TrajectoryDetector`` if it reads trajectories.
"""

from .aum import AUM
from .average_encoder import AverageEncoder
from .confident_learning import ConfidentLearning
from .cores import CORES
from .simifeat import SimiFeatR, SimiFeatV

__all__ = ["AUM", "CORES", "AverageEncoder", "ConfidentLearning", "SimiFeatR", "SimiFeatV"]
