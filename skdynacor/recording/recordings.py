"""What a training that judges all rows and copies leaves behind."""

from typing import Any, NamedTuple

import numpy as np


class Recording(NamedTuple):
    """What one source of beliefs was trained to, and what it makes of rows and copies."""

    trained: Any
    record: np.ndarray  # (n_signals, n_rows, n_epochs)
    logits: np.ndarray  # (n_rows, n_classes)
