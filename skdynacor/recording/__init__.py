"""The second step: training a classifier once, and writing down what it makes of every row.

``DynamicsCollector`` and all that trains nets or classifiers that learn in stages, listens to them,
saves them and takes them up again. It imports neither corruption nor detection. A new signal goes
into ``signals``; a new kind of classifier gets a module beside ``staged_training`` that returns the
same three things.
"""
