"""
Dynamics of your own training loop
==================================

Record one number per row and epoch of your own training, and pass them to
:class:`~skdynacor.DynaCorDetector`.
"""

# %%
# Rows and corrupted copies
# -------------------------
# :class:`~skdynacor.LabelCorruptor` makes copies with wrong labels. Train on both together.
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from skdynacor import CorruptedArray, CorruptedCopies, DynaCorDetector, LabelCorruptor
from skdynacor.datasets import make_label_noise

X, y_true = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
y, wrong = make_label_noise(y_true, "symmetric", 0.2, random_state=0)

copies = LabelCorruptor(gamma=0.1, random_state=0).fit_transform(X, y).corrupted
rows = torch.tensor(np.concatenate([X, copies.data]), dtype=torch.float32)
labels = torch.tensor(np.concatenate([y, copies.labels]))

# %%
# The training loop
# -----------------
# After each epoch, record +1 where the net agrees with the label, else −1.
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(), nn.Linear(256, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
record = []
for _ in range(20):
    net.train()
    for batch in torch.randperm(len(rows)).split(128):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(rows[batch]), labels[batch]).backward()
        optimizer.step()
    with torch.no_grad():  # with dropout, as in training
        agrees = net(rows).argmax(dim=1) == labels
    record.append(np.where(agrees, 1.0, -1.0))
dynamics = np.stack(record, axis=1)  # (n_rows + n_copies, n_epochs)

# %%
# The detector
# ------------
n = len(X)
trajectories = CorruptedArray(
    dynamics[:n], CorruptedCopies(dynamics[n:], labels=copies.labels, sources=copies.sources)
)
flags = DynaCorDetector(random_state=0).fit_predict(trajectories)
print(f"{wrong.sum()} wrong labels; {flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")

# %%
# Right, wrong and injected labels
# --------------------------------
# The net agrees with wrong labels about as rarely as with injected ones.
from matplotlib import pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3.5))
epochs = np.arange(1, dynamics.shape[1] + 1)
for name, part, color in [
    ("right labels", dynamics[:n][~wrong], "#0072B2"),
    ("wrong labels", dynamics[:n][wrong], "#D55E00"),
    ("injected labels", dynamics[n:], "#999999"),
]:
    ax.plot(epochs, (part > 0).mean(axis=0), label=name, color=color)
ax.set(xlabel="epoch", ylabel="share that the net agrees with", xticks=epochs[1::2])
ax.legend()
figure.tight_layout()
