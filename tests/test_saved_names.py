"""What users save refers to public paths: modules may be rearranged, saved files may not."""

import pickle
import pickletools

import pytest
import skops.io as sio

from skdynacor import CorruptedArray, LabelCorruptor, make_dynacor_pipeline
from skdynacor.augment import random_crop
from skdynacor.baselines import AverageEncoder


def named_in(saved):
    """List what a pickle looks up in this package, as dotted paths."""
    operations = pickletools.genops(pickle.dumps(saved, protocol=3))
    names = [argument for opcode, argument, _ in operations if opcode.name == "GLOBAL"]
    return {name.replace(" ", ".") for name in names if name.startswith("skdynacor")}


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_fitted_pipelines_name_public_paths(noisy_blobs, quick_net, recipe):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(quick_net, recipe=recipe, random_state=0).fit(X, y)
    found = named_in(pipe)
    found |= {n for n in sio.get_untrusted_types(data=sio.dumps(pipe)) if n.startswith("skdyn")}
    assert len(found) > 5
    assert [path for path in found if "._" in path] == []


def test_what_goes_between_the_steps_and_baselines_name_public_paths(noisy_blobs):
    X, y, _ = noisy_blobs
    between = LabelCorruptor(random_state=0).fit_transform(X, y)
    found = named_in([between, AverageEncoder().fit(X), random_crop])
    assert f"{CorruptedArray.__module__}.CorruptedArray" in found
    assert [path for path in found if "._" in path] == []
