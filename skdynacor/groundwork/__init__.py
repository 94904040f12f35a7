"""What every step stands on: validation, random numbers, devices, and scikit-learn's private names.

It imports nothing of skdynacor, and knows nothing of labels that are wrong. What two steps need
goes here, into the module that is named for it, or into a new one.
"""
