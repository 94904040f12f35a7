"""The out-of-sample ensemble: class probabilities of every row by models not trained on it.

``OutOfSampleEnsemble`` trains several estimators, nets and others by cross-fitting, bootstrapped
forests with out-of-bag scores. ``model_selection`` decides how far forests are grown, and weighs
all members by the likelihood of the given labels.
"""
