"""What recording and detection cost, as ratios within one process.

Two measurements on one thread:

- the whole pipeline against a bare PyTorch loop that trains the same net on the same rows,
  originals and copies, for the same epochs, and records nothing;
- the detection of many synthetic trajectories of which few are distinct: seconds, and the peak of
  memory above the input.
"""

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time

import numpy as np
import torch

from skdynacor import CorruptedArray, CorruptedCopies, DynaCorDetector, LabelCorruptor
from skdynacor import make_dynacor_pipeline as make_pipeline
from skdynacor.datasets import make_label_noise
from skdynacor.nets import MLP


def make_rows(n_samples, n_features, n_classes=10, seed=0):
    """Draw overlapping clusters with a fifth of the labels wrong."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, n_classes, n_samples)
    centers = rng.standard_normal((n_classes, n_features)) * 0.15
    X = (centers[y_true] + rng.standard_normal((n_samples, n_features))).astype(np.float32)
    y, _ = make_label_noise(y_true, "symmetric", 0.2, random_state=seed)
    return X, y


def bare_loop(X, y, device, epochs=20, batch_size=128):
    """Train the default net as its settings say, and nothing else."""
    corrupted = LabelCorruptor(random_state=0).fit_transform(X, y).corrupted
    rows = torch.as_tensor(np.concatenate([X, corrupted.data])).to(device)
    labels = torch.as_tensor(np.concatenate([y, corrupted.labels])).to(device)
    start = time.perf_counter()
    net = MLP(X.shape[1], int(y.max()) + 1, feature_mean=X.mean(0), feature_scale=X.std(0)).to(
        device
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=3e-7)
    for _ in range(epochs):
        for index in torch.randperm(len(rows), device=device).split(batch_size):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(rows[index]), labels[index])
            loss.backward()
            optimizer.step()
        schedule.step()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def whole_pipeline(X, y, device):
    """Corrupt, train, record and detect."""
    pipe = make_pipeline(device=device, random_state=0)
    start = time.perf_counter()
    pipe.fit_predict(X, y)
    seconds = time.perf_counter() - start
    T = pipe[1].dynamics_
    return seconds, len(np.unique(T, axis=0))


def compare(args):
    """Time the pipeline and the bare loop in turn."""
    X, y = make_rows(args.rows, args.features)
    bare_loop(X[:2000], y[:2000], args.device, epochs=1)
    whole_pipeline(X[:2000], y[:2000], args.device)
    ratios = []
    for repeat in range(args.repeats):
        bare = bare_loop(X, y, args.device)
        whole, distinct = whole_pipeline(X, y, args.device)
        ratios.append(whole / bare)
        print(
            f"run {repeat + 1}: bare loop {bare:.2f} s, whole pipeline {whole:.2f} s "
            f"({distinct} distinct trajectories), ratio {ratios[-1]:.3f}",
            flush=True,
        )
    print(
        f"{args.rows} x {args.features} on {args.device}: "
        f"median ratio {statistics.median(ratios):.3f} over {args.repeats} runs"
    )


def make_trajectories(n_samples, n_epochs=20, n_kinds=6500, dtype=np.float32, seed=0):
    """Draw rows from a few thousand kinds of trajectory, and a tenth as many copies."""
    rng = np.random.default_rng(seed)
    ease = rng.random(n_kinds)
    kinds = np.where(rng.random((n_kinds, n_epochs)) < ease[:, None], 1, -1).astype(dtype)
    T = kinds[rng.integers(0, n_kinds, n_samples)]
    hard = np.flatnonzero(ease < 0.3)
    copies = kinds[rng.choice(hard, n_samples // 10)]
    labels = np.zeros(len(copies), dtype=np.int8)
    return CorruptedArray(T, CorruptedCopies(copies, labels, np.arange(len(copies))))


def detect(args):
    """Time a detection, and measure its memory above the input's."""
    with tempfile.TemporaryDirectory() as folder:
        # The peak of a process never falls: what made the input must not be in it.
        T = make_trajectories(args.trajectories, dtype=np.dtype(args.dtype))
        np.save(f"{folder}/T.npy", np.asarray(T))
        np.save(f"{folder}/copies.npy", T.corrupted.data)
        del T
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=detect_saved, args=(folder, args.device))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


def detect_saved(folder, device):
    """Run one detection in a fresh process."""
    torch.set_num_threads(1)
    DynaCorDetector(device=device).fit(make_trajectories(1000, n_kinds=100))  # load all there is
    T, copies = np.load(f"{folder}/T.npy"), np.load(f"{folder}/copies.npy")
    labels = np.zeros(len(copies), dtype=np.int8)
    carrier = CorruptedArray(T, CorruptedCopies(copies, labels, np.arange(len(copies))))
    megabytes = (T.nbytes + copies.nbytes) / 2**20
    before = memory("VmRSS")
    start = time.perf_counter()
    detector = DynaCorDetector(device=device, random_state=0).fit(carrier)
    seconds = time.perf_counter() - start
    above = memory("VmHWM") - before
    distinct = len(np.unique(detector.noise_probability_))
    print(
        f"detection of {T.shape[0]} x {T.shape[1]} {T.dtype} ({distinct} distinct): "
        f"{seconds:.2f} s, {above:.0f} MB above an input of {megabytes:.0f} MB, "
        f"ratio {above / megabytes:.2f}"
    )


def memory(kind):
    """Read this process's memory in MB: VmRSS, what it holds, or VmHWM, the most it has held."""
    # Not resource.getrusage, whose peak starts at the parent's.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(kind))


def main():
    """Run both measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--trajectories", type=int, default=1_000_000)
    parser.add_argument("--dtype", default="float32", help="of the trajectories")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", choices=["training", "detection"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.only != "detection":
        compare(args)
    if args.only != "training":
        detect(args)


if __name__ == "__main__":
    main()
