"""The command ``skdynacor``: ``find`` label errors in a file, and ``demo``."""
