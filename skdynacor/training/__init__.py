"""Training skorch nets, with callbacks that see the position of every row.

Used by the out-of-sample ensemble and by the recording of training dynamics.
"""
