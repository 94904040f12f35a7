"""The classifier for small images."""

import math
from numbers import Integral

import torch
from skorch.callbacks import LRScheduler
from torch import nn
from torch.nn.functional import pad

from ..utils.sklearn_private import Count, Options, validates_arguments
from ._mlp import make_sgd_classifier

#: Height and width up to which three strides of 2 leave one pixel.
_SHRUNK = 8


class RandomCropFlip(nn.Module):
    """Shift and mirror each image at random, in training only.

    Each image is padded by zeros, a window of its own size is cut from it, all places being
    equally likely, and the window is mirrored left to right with probability one half. In
    evaluation images pass as they are. Random numbers come from torch's global generator.

    Parameters
    ----------
    margin : int, default=4
        Zeros to pad at each side, in pixels. The default is the paper's, for 32 × 32 images.

    See Also
    --------
    skdynacor.augment : The same in numpy, for the corrupted copies.

    Examples
    --------
    >>> import torch
    >>> from skdynacor.nets import RandomCropFlip
    >>> _ = torch.manual_seed(1)
    >>> images = torch.arange(1, 5).reshape(1, 1, 2, 2)
    >>> RandomCropFlip(margin=1)(images)
    tensor([[[[0, 2],
              [0, 4]]]])
    >>> RandomCropFlip(margin=1).eval()(images)
    tensor([[[[1, 2],
              [3, 4]]]])
    """

    @validates_arguments(margin=[Count(0)])
    def __init__(self, margin=4):
        super().__init__()
        self.margin = margin

    def forward(self, X):
        """Map images (n_samples, n_channels, height, width) to images of the same shape."""
        if not self.training:
            return X
        n_samples, _, height, width = X.shape
        # (n_samples, n_channels, 2 margin + 1, 2 margin + 1, height, width), a view
        windows = pad(X, [self.margin] * 4).unfold(2, height, 1).unfold(3, width, 1)
        top, left = torch.randint(2 * self.margin + 1, (2, n_samples), device=X.device)
        # (n_samples, n_channels, height, width)
        X = windows[torch.arange(n_samples, device=X.device), :, top, left]
        mirrored = torch.rand(n_samples, 1, 1, 1, device=X.device) < 0.5
        return torch.where(mirrored, X.flip(dims=(3,)), X)

    def extra_repr(self):
        return f"margin={self.margin}"


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions with a shortcut; ``stride`` divides the height and the width."""

    def __init__(self, n_inputs, n_outputs, stride):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(n_inputs, n_outputs, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(n_outputs),
            nn.ReLU(),
            nn.Conv2d(n_outputs, n_outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_outputs),
        )
        self.shortcut = nn.Identity()
        if (n_inputs, stride) != (n_outputs, 1):
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_inputs, n_outputs, 1, stride=stride, bias=False),
                nn.BatchNorm2d(n_outputs),
            )

    def forward(self, X):
        """Map (n_samples, n_inputs, h, w) to (n_samples, n_outputs, ⌈h/stride⌉, ⌈w/stride⌉)."""
        return (self.residual(X) + self.shortcut(X)).relu()


class ResNet(nn.Module):
    """Base of the residual nets; a subclass sets ``n_blocks``, their number in each stage."""

    n_blocks: tuple

    @validates_arguments(
        n_classes=[Count(1)],
        n_channels=[Count(1)],
        width=[Count(1)],
        augmentation=[nn.Module, None],
    )
    def __init__(self, n_classes, n_channels=3, width=64, augmentation=None):
        super().__init__()
        self.augmentation = nn.Identity() if augmentation is None else augmentation
        self.standardization = nn.BatchNorm2d(n_channels, affine=False)
        self.stem = nn.Sequential(
            nn.Conv2d(n_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        blocks, n_inputs = [], width
        for stage, n_blocks in enumerate(self.n_blocks):
            n_outputs = width * 2**stage
            for block in range(n_blocks):
                stride = 2 if stage and not block else 1
                blocks.append(BasicBlock(n_inputs, n_outputs, stride))
                n_inputs = n_outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(n_inputs, n_classes)

    def forward(self, X):
        """Map images (n_samples, n_channels, height, width) to logits (n_samples, n_classes)."""
        if self.training and len(X) == 1 and max(X.shape[2:]) <= _SHRUNK:
            raise ValueError(
                f"A batch of a training is one image of shape {tuple(X.shape[1:])}, from which no "
                f"batch norm learns: images of at most {_SHRUNK} × {_SHRUNK} pixels shrink to one "
                "pixel. Choose a batch_size that leaves no single image over."
            )
        X = self.augmentation(X).to(self.head.weight.dtype)
        X = self.blocks(self.stem(self.standardization(X)))
        return self.head(X.mean(dim=(2, 3)))  # (n_samples, 8 width, h, w) to (n_samples, 8 width)


class ResNet34(ResNet):
    """The residual net of 34 layers for small images, as used on CIFAR.

    The first convolution is 3 × 3 and no pooling follows it, so that images keep their size until
    the second of the four stages.

    Parameters
    ----------
    n_classes : int
    n_channels : int, default=3
        Channels of an image.
    width : int, default=64
        Channels in the first stage; each later stage has twice as many as the one before.
    augmentation : torch.nn.Module or None, default=None
        What images pass first, for instance ``RandomCropFlip()``.

    Notes
    -----
    Pixels may come in any dtype and unit: a batch norm without weights standardises each channel.

    NB: images of at most 8 × 8 pixels shrink to one, and no batch norm learns from one pixel of
    one image: ``DynamicsCollector`` shows one image twice in an epoch where it would be left over,
    other trainings need a ``batch_size`` that leaves none.

    References
    ----------
    .. [1] He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, Section 4.2.
       https://doi.org/10.48550/arXiv.1512.03385

    Examples
    --------
    >>> import torch
    >>> from skdynacor.nets import ResNet34
    >>> ResNet34(n_classes=10, width=4)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    n_blocks = (3, 4, 6, 3)


class ResNet18(ResNet):
    """The residual net of 18 layers for small images; parameters are those of ``ResNet34``.

    Examples
    --------
    >>> import torch
    >>> from skdynacor.nets import ResNet18
    >>> ResNet18(n_classes=3, n_channels=1, width=4)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 3])
    """

    n_blocks = (2, 2, 2, 2)


class StepDecay(LRScheduler):
    """Multiply the learning rate by 0.01 after 50, 60, 70, 80 and 90 % of the epochs."""

    def __init__(self, policy=torch.optim.lr_scheduler.MultiStepLR, gamma=0.01, **kwargs):
        super().__init__(policy, gamma=gamma, **kwargs)

    def on_train_begin(self, net, **kwargs):
        self.milestones = [math.ceil(tenths * net.max_epochs / 10) for tenths in range(5, 10)]
        super().on_train_begin(net, **kwargs)


@validates_arguments(depth=[Options(Integral, {18, 34})])
def make_resnet_classifier(depth=34, **params):
    """Make a skorch classifier for small images, to be trained from scratch.

    The settings are the paper's for images: random crops and flips, SGD with learning rate 0.1,
    momentum 0.9 and weight decay 5e-4, 100 epochs in batches of 128. The learning rate is
    multiplied by 0.01 after epochs 50, 60, 70, 80 and 90, or in proportion if ``max_epochs`` is
    set. (At 1e-5 from epoch 60, little is learned after that.)

    Parameters
    ----------
    depth : {18, 34}, default=34
        Layers: ``ResNet18`` or ``ResNet34``, the paper's.
    **params
        Parameters of ``skorch.NeuralNetClassifier`` that replace or add to these, for instance
        ``max_epochs=50``, ``module__n_channels=1`` or ``module__augmentation=None``.

    Returns
    -------
    net : skorch.NeuralNetClassifier

    See Also
    --------
    skdynacor.augment.center_crop : The copies that go with it in the paper.

    Examples
    --------
    >>> from skdynacor.nets import make_resnet_classifier
    >>> net = make_resnet_classifier(depth=18, max_epochs=10, module__n_channels=1)
    >>> net.module.__name__, net.lr, net.module__augmentation
    ('ResNet18', 0.1, RandomCropFlip(margin=4))
    """
    modules = {18: ResNet18, 34: ResNet34}
    settings = {
        "module__augmentation": RandomCropFlip(),
        "lr": 0.1,
        "max_epochs": 100,
        "callbacks": [("learning_rate", StepDecay())],
    }
    return make_sgd_classifier(modules[depth], **{**settings, **params})
