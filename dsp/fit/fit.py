"""Fits the detector's model and writes its weights to ../src/model/weights.rs.

    python fit.py --features ../../target/release/examples/features [--minutes 90]

The audio is made from a seed; the inputs are computed by the detector's own code.
"""

import argparse
import concurrent.futures
import os
import subprocess

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
    if what < 0.15:
        return scenes.clean(rng, voices)
    if what < 0.33:
        return scenes.noisy(rng, voices)
    if what < 0.40:
        return scenes.silent(rng)
    if what < 0.64:
        return scenes.eventful(rng)
    if what < 0.72:
        return scenes.eventful(rng, voices)
    if what < 0.84:
        return scenes.echoing(rng, voices)
    return scenes.echoing(rng, voices, caller=True)


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
        weight[onset] *= 3
        weight[e : e + 12] = 0
        weight[max(b - 2, 0) : b] = 0
    return target, weight


def made(seed, features, folder):
    clip = scene(seed, folder)
    x = inputs(clip, features)
    target, weight = truth(clip)
    kind = clip.about["category"]
    if kind == "nonspeech" and clip.about["noise"] == "events":
        weight = weight * np.where(target > 0, 1, 4)
    elif clip.far is not None:
        weight = weight * 1.5
    loud = ~np.isnan(x[:, 0])
    return x[loud].astype(np.float32), target[loud], weight[loud]


def dataset(seeds, args):
    """The steps of many clips; seeds name them, so they are the same each time."""
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(made, seed, args.features, args.voices) for seed in seeds]
        parts = [job.result() for job in jobs]
    return tuple(np.concatenate(part) for part in zip(*parts))


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


def loss(odds, y, weight):
    sign = np.where(y > 0, -odds, odds)
    return (weight * np.logaddexp(0, sign)).sum() / weight.sum()


def train(x, y, weight, held, rng, epochs):
    mean, spread = x.mean(0), x.std(0) + 1e-3
    net = Net(rng, x.shape[1])
    best = (np.inf, None)
    hx = (held[0] - mean) / spread
    for epoch in range(epochs):
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs)) + 2e-5
        order = rng.permutation(len(x))
        for at in range(0, len(order), 512):
            some = np.sort(order[at : at + 512])
            if weight[some].sum() > 0:
                net.step((x[some] - mean) / spread, y[some], weight[some], rate)
        now = loss(net(hx), held[1], held[2])
        if now < best[0]:
            best = (now, [p.copy() for p in net.p])
        if epoch % 5 == 4 or epoch + 1 == epochs:
            print(f"epoch {epoch + 1}: held-out loss {now:.4f} (best {best[0]:.4f})", flush=True)
    w, b, o, c = best[1]
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
    parser.add_argument("--keep", help="where the inputs are kept, for another fit")
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=os.path.join(here, "..", "src", "model", "weights.rs"))
    args = parser.parse_args()
    clips = int(args.minutes * 60 / 25)
    if args.keep and os.path.exists(args.keep):
        kept = np.load(args.keep)
        data, held = ([kept[f"{part}{n}"] for n in range(3)] for part in ("data", "held"))
    else:
        data = dataset(range(1000 * args.seed, 1000 * args.seed + clips), args)
        held = dataset(range(900_000, 900_000 + clips // 8), args)
    if args.keep:
        parts = {f"data{n}": part for n, part in enumerate(data)}
        np.savez(args.keep, **parts, **{f"held{n}": part for n, part in enumerate(held)})
    print(f"{len(data[0])} steps, {data[1].mean():.0%} of them speech", flush=True)
    fitted = train(*data, held, np.random.default_rng(args.seed), args.epochs)
    write_weights(args.out, *fitted)


if __name__ == "__main__":
    main()
