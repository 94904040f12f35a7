"""The paper's method: label corruption, training dynamics, detection.

``corruption`` makes copies with injected label errors, ``recording`` trains a classifier and
records its dynamics, ``detection`` clusters them; none of these imports another.
``CorruptedArray`` carries the copies from one to the next, and ``pipeline`` puts them together.
"""
