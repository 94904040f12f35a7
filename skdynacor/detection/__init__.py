"""The third step: telling the trails and beliefs of wrong labels from those of right ones.

``DynaCorDetector`` with its encoder, ``TransitionDetector``, and what detectors share. It imports
neither corruption nor recording, so that it also takes what users recorded themselves. A new
detector is a subclass of ``TrajectoryDetector`` in a module of its name.
"""
