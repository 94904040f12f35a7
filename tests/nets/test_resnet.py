import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.testing import assert_close

from skdynacor import DynamicsCollector
from skdynacor.nets import (
    RandomCropFlip,
    ResNet18,
    ResNet34,
    make_mlp_classifier,
    make_resnet_classifier,
)


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="module")
def stripes():
    """Images (n_samples, 1, 12, 12) of lying (0) and standing (1) stripes, and their labels."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    waves = np.sin(np.arange(12) * np.pi / 2 + rng.uniform(0, 6, size=(60, 1)))
    lying = np.repeat(waves[:, None, :, None], 12, axis=3)
    X = np.where(y[:, None, None, None], lying.swapaxes(2, 3), lying)
    return (X + 0.5 * rng.normal(size=X.shape)).astype(np.float32), y


def small_net(**params):
    params = {"depth": 18, "max_epochs": 3, "batch_size": 16, "module__width": 4, **params}
    return make_resnet_classifier(module__n_channels=1, module__n_classes=2, **params)


@pytest.mark.parametrize("module", [ResNet18, ResNet34])
@pytest.mark.parametrize(
    "shape", [(2, 3, 32, 32), (3, 1, 28, 28), (2, 2, 17, 9), (2, 4, 5, 8), (1, 3, 32, 32)]
)
def test_images_become_logits(module, shape):
    net = module(7, n_channels=shape[1], width=2)
    for mode in (net.train(), net.eval()):
        logits = mode(torch.randn(shape))
        assert logits.shape == (shape[0], 7)
        assert logits.isfinite().all()


@pytest.mark.parametrize(("module", "count"), [(ResNet18, 11_173_962), (ResNet34, 21_282_122)])
def test_the_full_nets_have_the_parameters_they_are_known_for(module, count):
    with torch.device("meta"):
        net = module(n_classes=10)
    assert sum(parameter.numel() for parameter in net.parameters()) == count


@pytest.mark.parametrize(("module", "layers"), [(ResNet18, 18), (ResNet34, 34)])
def test_the_depth_is_the_number_of_layers(module, layers):
    weights = [name for name, p in module(2, width=1).named_parameters() if p.ndim in (2, 4)]
    assert len([name for name in weights if "shortcut" not in name]) == layers


def test_three_stages_halve_the_image_and_the_rest_is_averaged():
    net, X = ResNet34(2, width=2).eval(), torch.randn(2, 3, 32, 32)
    stem = net.stem(net.standardization(X))
    assert stem.shape == (2, 2, 32, 32)
    features = net.blocks(stem)
    assert features.shape == (2, 16, 4, 4)
    assert_close(net(X), net.head(features.mean(dim=(2, 3))))


def test_blocks_without_a_residual_pass_their_input():
    net, X = ResNet18(2, width=2), torch.rand(3, 2, 6, 6)
    block = net.blocks[0].eval()
    assert not torch.equal(block(X), X)
    torch.nn.init.zeros_(block.residual[-1].weight)
    assert torch.equal(block(X), X)


def test_one_row_is_classified_as_in_a_batch():
    net, X = ResNet18(3, width=2), torch.randn(5, 3, 16, 16)
    net(X)
    net.eval()
    assert_close(net(X[3:4]), net(X)[3:4])


def test_pixels_come_in_any_unit_and_dtype():
    net, X = ResNet18(3, width=2), torch.randint(256, (20, 3, 16, 16))
    logits = net(X.float())
    assert logits.std() > 0.01
    assert_close(net(X / 255), logits, rtol=1e-3, atol=1e-3)
    assert_close(net(X.double() - 100), logits, rtol=1e-3, atol=1e-3)
    assert_close(net(X.to(torch.uint8)), logits)


def test_crops_and_flips_are_all_the_windows_of_the_padded_image():
    image = torch.rand(2, 4, 5)
    padded = torch.nn.functional.pad(image, [1, 1, 1, 1])
    windows = [padded[:, i : i + 4, j : j + 5] for i in range(3) for j in range(3)]
    windows = torch.stack(windows + [window.flip(2) for window in windows])
    crops = RandomCropFlip(margin=1)(image.expand(2000, 2, 4, 5))
    assert crops.shape == (2000, 2, 4, 5)
    # (n_samples, n_windows)
    same = (crops[:, None] == windows).all(dim=-1).all(dim=-1).all(dim=-1)
    assert (same.sum(dim=1) == 1).all()
    assert same.sum(dim=0).min() > 70  # of 111 expected


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64])
def test_images_stay_in_order_and_keep_their_dtype(dtype):
    X = torch.arange(1, 31).to(dtype).reshape(30, 1, 1, 1).expand(30, 2, 6, 6)
    crops = RandomCropFlip()(X)
    assert crops.dtype == dtype
    assert_close(crops.amax(dim=(1, 2, 3)), X[:, 0, 0, 0])


def test_images_are_augmented_in_training_only():
    augmentation, X = RandomCropFlip(), torch.rand(8, 3, 12, 12)
    assert not torch.equal(augmentation(X), X)
    assert augmentation.eval()(X) is X
    for augmentation, varies in [(RandomCropFlip(), True), (None, False)]:
        net = ResNet18(3, width=2, augmentation=augmentation)
        assert torch.equal(net(X), net(X)) != varies
        assert torch.equal(net.eval()(X), net(X))


@pytest.mark.parametrize(
    ("max_epochs", "drops"),
    [(100, [50, 60, 70, 80, 90]), (10, [5, 6, 7, 8, 9]), (4, [2, 3, 3, 4, 4]), (1, [])],
)
def test_the_learning_rate_falls_in_proportion_to_the_training(max_epochs, drops):
    resnet = make_resnet_classifier()
    net = make_mlp_classifier(  # any module does, and this one is quick
        lr=resnet.lr, callbacks=resnet.callbacks, module__n_features=1, module__n_classes=2
    )
    X, y = np.zeros((4, 1), np.float32), np.arange(4) % 2
    net.set_params(max_epochs=2).fit(X, y)
    rates = clone(net).set_params(max_epochs=max_epochs).fit(X, y).history[:, "event_lr"]
    expected = [0.1 * 0.01 ** sum(epoch >= drop for drop in drops) for epoch in range(max_epochs)]
    assert rates == pytest.approx(expected, rel=1e-6, abs=0)


def test_the_settings_are_the_papers():
    net = make_resnet_classifier(module__n_classes=10).initialize()
    assert isinstance(net.module_, ResNet34)
    assert isinstance(net.module_.augmentation, RandomCropFlip)
    assert net.module_.augmentation.margin == 4
    assert (net.max_epochs, net.batch_size, net.train_split) == (100, 128, None)
    [group] = net.optimizer_.param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.1, 0.9, 5e-4)
    assert type(net.criterion_) is torch.nn.CrossEntropyLoss
    assert net.iterator_train__shuffle


def test_settings_can_be_replaced():
    net = small_net(lr=0.5, module__augmentation=RandomCropFlip(2)).initialize()
    assert (net.lr, net.module_.augmentation.margin) == (0.5, 2)
    assert isinstance(net.module_, ResNet18)
    with pytest.raises(ValueError, match=r"among \{18, 34\}. Got 50 instead"):
        make_resnet_classifier(50)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ResNet18("two"), "'n_classes' parameter of ResNet.__init__ must be an int"),
        (lambda: ResNet18(2, width=True), "'width' parameter"),
        (lambda: ResNet34(2, n_channels=0), "'n_channels' parameter"),
        (lambda: ResNet34(2, augmentation="crop"), "'augmentation' parameter"),
        (lambda: RandomCropFlip(-1), "'margin' parameter"),
        (lambda: make_resnet_classifier([18]), "'depth' parameter"),
    ],
)
def test_parameters_are_checked_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_margins_may_be_integers_of_numpy():
    assert RandomCropFlip(np.int64(1))(torch.ones(2, 3, 4, 4)).shape == (2, 3, 4, 4)


def test_one_small_image_is_no_batch_to_learn_from():
    net = ResNet18(2, width=1)
    with pytest.raises(ValueError, match=r"no batch norm learns.*8 × 8 pixels.*batch_size"):
        net(torch.rand(1, 3, 8, 8))
    assert net(torch.rand(1, 3, 9, 8)).shape == net.eval()(torch.rand(1, 3, 8, 8)).shape == (1, 2)


def test_a_last_batch_of_one_image_is_refused():
    X, y = np.random.default_rng(0).normal(size=(15, 1, 4, 4)), np.arange(15) % 2
    collector = DynamicsCollector(small_net(max_epochs=1, batch_size=7), random_state=0)
    with pytest.raises(ValueError, match="leaves no single image over"):
        collector.fit(X, y)


def test_it_learns(stripes, capsys):
    X, y = stripes
    net = small_net(max_epochs=8, module__augmentation=RandomCropFlip(1)).fit(X[:40], y[:40])
    assert net.score(X[40:], y[40:]) > 0.9
    assert capsys.readouterr().out == ""


def test_seeds_decide_all(stripes):
    def losses(seed, net):
        torch.manual_seed(seed)
        return clone(net).fit(*stripes).history[:, "train_loss"]

    net = small_net(max_epochs=2)
    assert losses(1, net) == losses(1, net)
    assert losses(1, net) != losses(2, net)


def test_fitted_nets_are_cloned_and_pickled(stripes):
    X, y = stripes
    net = small_net().fit(X, y)
    assert clone(net).fit(X, y).history[:, "event_lr"] == net.history[:, "event_lr"]
    for copy in (pickle.loads(pickle.dumps(net)), small_net().initialize()):
        copy.module_.load_state_dict(net.module_.state_dict())
        np.testing.assert_array_equal(copy.predict_proba(X), net.predict_proba(X))


def test_the_weights_alone_determine_the_logits(stripes):
    X = torch.as_tensor(stripes[0])
    net, other = (ResNet18(2, n_channels=1, width=2) for _ in range(2))
    net(X)
    assert not torch.equal(net.eval()(X), other.eval()(X))
    other.load_state_dict(net.state_dict())
    assert torch.equal(net(X), other(X))
