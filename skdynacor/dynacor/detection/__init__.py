"""The third step of DynaCor: clustering the dynamics of right and wrong labels.

``DynaCorDetector`` and its encoder. It imports neither corruption nor recording, so that it also
takes dynamics from other sources. A new detector is a subclass of ``TrajectoryDetector``.
"""
