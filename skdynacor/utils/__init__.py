"""What every step uses: validation, random numbers, devices, scikit-learn's private names.

It imports nothing else of skdynacor. What two steps need goes into a module of this folder.
"""
