"""
Dynamics of your own training loop
==================================

You train in your own way, and only want to know which labels leave the trail of a wrong one.
Record one number per row and epoch, and hand them to :class:`~skdynacor.DynaCorDetector`.
"""

# %%
# Rows, and copies with planted labels
# ------------------------------------
# :class:`~skdynacor.LabelCorruptor` makes the copies; rows and copies are trained on together.
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
# A loop
# ------
# After each epoch: does the net agree with the label of each row, +1, or not, −1?
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
    with torch.no_grad():  # still with dropout, as the training sees it
        agrees = net(rows).argmax(dim=1) == labels
    record.append(np.where(agrees, 1.0, -1.0))
dynamics = np.stack(record, axis=1)  # (n_rows + n_copies, n_epochs)

# %%
# The detector
# ------------
n = len(X)
trails = CorruptedArray(
    dynamics[:n], CorruptedCopies(dynamics[n:], labels=copies.labels, sources=copies.sources)
)
flags = DynaCorDetector(random_state=0).fit_predict(trails)
print(f"{wrong.sum()} wrong labels; {flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")

# %%
# Why it works
# ------------
# Rows with wrong labels are agreed with as rarely as copies with planted ones.
from matplotlib import pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3.5))
epochs = np.arange(1, dynamics.shape[1] + 1)
for name, trails_of, color in [
    ("right labels", dynamics[:n][~wrong], "#0072B2"),
    ("wrong labels", dynamics[:n][wrong], "#D55E00"),
    ("planted labels", dynamics[n:], "#999999"),
]:
    ax.plot(epochs, (trails_of > 0).mean(axis=0), label=name, color=color)
ax.set(xlabel="epoch", ylabel="share that the net agrees with", xticks=epochs[1::2])
ax.legend()
figure.tight_layout()
