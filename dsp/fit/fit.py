"""Fits the detector's model and writes its weights to ../src/model/weights.rs.

    python fit.py --features ../../target/release/examples/features [--minutes 90]

The audio is made from a seed; the inputs are computed by the detector's own code.
"""

import argparse
import concurrent.futures
import os
import subprocess

# One thread adds up in one order, so the same seed gives the same table.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

import audio
import scenes
from audio import FRAME, RATE

HIDDEN = 32
STEP = 80


def scene(seed, folder):
    """One clip of the fit, by its seed."""
    rng = np.random.default_rng(seed)
    voices = audio.Voices("fit", folder)
    what = rng.random()
    if what < 0.17:
        clip = scenes.clean(rng, voices)
    elif what < 0.36:
        clip = scenes.noisy(rng, voices)
    elif what < 0.38:
        clip = scenes.babbling(rng, voices, round(rng.uniform(20, 32)))
    elif what < 0.44:
        clip = scenes.silent(rng)
    elif what < 0.66:
        clip = scenes.eventful(rng)
    elif what < 0.73:
        clip = scenes.eventful(rng, voices)
    else:
        clip = scenes.echoing(rng, voices, caller=what > 0.86)
    if rng.random() < 0.1:
        clip.lose(rng)
    return clip


def inputs(clip, features):
    """What the model is given for each step of the clip; NaN where the frame was quiet."""
    near, far = clip.codes()
    near = audio.decode(near).reshape(-1, FRAME)
    record = np.zeros((len(near), 2 * FRAME + 1), dtype="<i2")
    record[:, :FRAME] = near
    if far is not None:
        far = audio.decode(far).reshape(-1, FRAME)
        record[:, FRAME] = (far != 0).any(axis=1)
        record[:, FRAME + 1 :] = far
    out = subprocess.run([features], input=record.tobytes(), capture_output=True, check=True)
    steps = np.frombuffer(out.stdout, dtype="<f4").reshape(2 * len(near), -1)
    return np.where(steps[:, :1] > 0, steps[:, 1:], np.nan)


def truth(clip):
    """For each step what it is, and how much it counts."""
    steps = len(clip.near) // STEP
    target, weight = np.zeros(steps), np.ones(steps)
    power = 10 * np.log10((clip.speech.reshape(-1, STEP) ** 2).mean(axis=1) + 1e-12)
    other = clip.near - clip.speech
    under = 10 * np.log10((other.reshape(-1, STEP) ** 2).mean(axis=1) + 1e-12)
    for begin, end in clip.segments:
        b, e = begin // STEP, end // STEP
        level = power[b:e].max(initial=-90)
        part = slice(b, e)
        target[part] = 1
        # Closures within words, and what noise or echo drowns, teach nothing.
        heard = (power[part] > level - 28) & (power[part] > -60)
        if clip.far is None:
            heard &= power[part] > under[part] - 6
        weight[part] = heard
        # The beginning decides how soon a caller is heard.
        onset = slice(b, min(b + 12, e))
        weight[onset] *= 4
        weight[e : e + 12] = 0
        weight[max(b - 2, 0) : b] = 0
    return target, weight


class Part:
    """What the fit needs of one clip."""

    def __init__(self, seed, args):
        clip = scene(seed, args.voices)
        x = inputs(clip, args.features)
        self.target, self.weight = truth(clip)
        kind = clip.about["category"]
        if kind == "nonspeech" and clip.about["noise"] == "events":
            self.weight *= np.where(self.target > 0, 1, 1.6)
        elif clip.far is not None:
            self.weight *= np.where(self.target > 0, 3, 8)
        self.loud = ~np.isnan(x[:, 0])
        self.x = x[self.loud].astype(np.float32)
        self.spoken = [(begin // STEP, end // STEP) for begin, end in sorted(clip.segments)]


def parts(seeds, args):
    """Many clips; seeds name them, so they are the same each time."""
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        return list(pool.map(Part, seeds, [args] * len(seeds), chunksize=4))


class Replay:
    """Sums the log-odds of whole clips as the detector does, and finds the steps to blame."""

    # Log-odds that count for nothing, the most that a step counts, and where an onset is.
    BIAS, CAP, LIMIT = 1.0, 3.0, 5.0
    HANG_OVER = 20
    # An onset later than this after the word began is late.
    LATE = 5

    def __init__(self, clips):
        self.clips = clips
        steps = max(len(clip.target) for clip in clips)
        self.loud = np.zeros((steps, len(clips)), bool)
        for n, clip in enumerate(clips):
            self.loud[: len(clip.loud), n] = clip.loud

    def onsets(self, odds):
        """For each clip the steps where evidence begins and where it suffices."""
        grid = np.full(self.loud.T.shape, -4.0, np.float32)
        grid[self.loud.T] = odds
        total, began = np.zeros(len(grid)), np.zeros(len(grid), int)
        still = np.full(len(grid), self.HANG_OVER)
        found = [[] for _ in self.clips]
        for t, now in enumerate(grid.T):
            speaking = still < self.HANG_OVER
            began[total <= 0] = t
            more = np.clip(now - self.BIAS, -self.CAP, self.CAP)
            total = np.where(speaking, 0, np.maximum(total + more, 0))
            still = np.where(speaking, np.where(now >= 0, 0, still + 1), still)
            for n in np.flatnonzero(total >= self.LIMIT):
                found[n].append((began[n], t))
                still[n] = 0
        return found

    def blame(self, odds):
        """How much more each loud step counts, since an onset was false or late by it."""
        more = np.zeros(self.loud.T.shape, np.float32)
        false = late = 0
        for n, (clip, found) in enumerate(zip(self.clips, self.onsets(odds))):
            for began, at in found:
                if not any(b - 5 <= at <= e + 40 for b, e in clip.spoken):
                    more[n, began : at + 1] = 3
                    false += 1
            end = 0
            for b, e in clip.spoken:
                if b - end >= 50:
                    heard = min((at for _, at in found if at >= b - 5), default=e)
                    if heard > b + self.LATE:
                        more[n, b : min(heard, b + 25) + 1] = 3
                        late += 1
                end = e
        return more[self.loud.T], false, late


class Net:
    """One hidden layer of rectified units, trained by Adam on the weighted log-loss."""

    def __init__(self, rng, inputs):
        scale = np.sqrt(2 / inputs)
        self.p = [
            rng.standard_normal((inputs, HIDDEN)).astype(np.float32) * scale,
            np.zeros(HIDDEN, np.float32),
            rng.standard_normal(HIDDEN).astype(np.float32) * np.sqrt(2 / HIDDEN),
            np.zeros((), np.float32),
        ]
        self.m = [np.zeros_like(p) for p in self.p]
        self.v = [np.zeros_like(p) for p in self.p]
        self.t = 0

    def __call__(self, x):
        w, b, o, c = self.p
        return np.maximum(x @ w + b, 0) @ o + c

    def step(self, x, y, weight, rate):
        w, b, o, c = self.p
        hidden = np.maximum(x @ w + b, 0)
        odds = hidden @ o + c
        error = (weight * (1 / (1 + np.exp(-odds)) - y) / weight.sum()).astype(np.float32)
        back = np.outer(error, o) * (hidden > 0)
        gradients = [x.T @ back + 1e-4 * w, back.sum(0), hidden.T @ error, error.sum()]
        self.t += 1
        for i, g in enumerate(gradients):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g * g
            m = self.m[i] / (1 - 0.9**self.t)
            v = self.v[i] / (1 - 0.999**self.t)
            self.p[i] = (self.p[i] - rate * m / (np.sqrt(v) + 1e-8)).astype(np.float32)


def train(clips, rng, epochs):
    x = np.concatenate([clip.x for clip in clips])
    y = np.concatenate([clip.target[clip.loud] for clip in clips]).astype(np.float32)
    weight = np.concatenate([clip.weight[clip.loud] for clip in clips]).astype(np.float32)
    print(f"{len(x)} loud steps, {y.mean():.0%} of them speech", flush=True)
    mean, spread = x.mean(0), x.std(0) + 1e-3
    x = (x - mean) / spread
    net, replay = Net(rng, x.shape[1]), Replay(clips)
    blamed = np.zeros_like(weight)
    for epoch in range(epochs):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs)) + 2e-5
        order = rng.permutation(np.flatnonzero(weight))
        for at in range(0, len(order), 1024):
            some = order[at : at + 1024]
            net.step(x[some], y[some], weight[some] * (1 + blamed[some]), rate)
        more, false, late = replay.blame(net(x))
        # The first epochs know too little to blame anything.
        blamed += (more - blamed) * min(epoch / 6, 0.5)
        print(f"epoch {epoch + 1}: {false} false onsets, {late} late", flush=True)
    w, b, o, c = net.p
    # The detector's inputs are not normalised, so the weights are.
    return w / spread[:, None], b - (mean / spread) @ w, o, c


def write_weights(path, w, b, o, c):
    row = lambda values: ", ".join(number(v) for v in values)
    rows = "".join(f"        [{row(values)}],\n" for values in w)
    text = f"""//! Written by `dsp/fit/fit.py`.

use super::Weights;

#[rustfmt::skip]
#[allow(clippy::approx_constant, reason = "a weight that looks like one is none")]
pub(super) const FITTED: Weights = Weights {{
    inputs: [
{rows}    ],
    offsets: [{row(b)}],
    output: [{row(o)}],
    offset: {number(c)},
}};
"""
    with open(path, "w") as file:
        file.write(text)


def number(value):
    return f"{float(value):.4f}"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--features", required=True, help="the example that prints inputs")
    parser.add_argument("--voices", default="/tmp/otto-voices", help="where speech is kept")
    parser.add_argument("--minutes", type=float, default=960)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=os.path.join(here, "..", "src", "model", "weights.rs"))
    args = parser.parse_args()
    clips = parts(range(10_000 * args.seed, 10_000 * args.seed + int(args.minutes * 60 / 26)), args)
    write_weights(args.out, *train(clips, np.random.default_rng(args.seed), args.epochs))


if __name__ == "__main__":
    main()
