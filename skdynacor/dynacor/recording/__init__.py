"""The second step of DynaCor: training a classifier once and recording its dynamics.

``DynamicsCollector``, and the recording of nets and of classifiers that learn in stages. It imports
neither corruption nor detection. A new signal goes into ``signals``; a new kind of classifier gets
a module beside ``staged_training`` that returns the same three things.
"""
