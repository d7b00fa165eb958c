"""Clips of a telephone line with exact labels, from the sounds of audio.py."""

import csv
import json
import os
import struct

import numpy as np
from scipy import signal

import audio
from audio import FRAME, RATE

STATIONARY = "white pink brown car hum fan".split()


class Clip:
    """One line: what the phone sends, what was playing, and where the caller speaks."""

    def __init__(self, category, seconds, **about):
        self.about = {"category": category, **about}
        self.near = np.zeros(int(seconds * RATE) // FRAME * FRAME)
        self.speech = np.zeros_like(self.near)
        self.far = None
        # The quietest that counts as speech, in dBFS, by sample.
        self.segments = []

    def add(self, at, sound):
        end = min(at + len(sound), len(self.near))
        self.near[at:end] += sound[: end - at]

    def speak(self, rng, at, speech, dbfs, begun=False):
        """Somebody speaks, or has begun to where nobody heard it."""
        speech = audio.at_level(audio.telephone(rng, speech, soft=not begun), dbfs)
        end = min(at + len(speech), len(self.near))
        speech = speech[: end - at]
        self.add(at, speech)
        self.speech[at:end] += speech
        self.segments += [(at + b, at + e) for b, e in voiced_parts(speech, dbfs)]
        return end

    def lose(self, rng):
        """Packets that never came: silence of 20 to 60 ms, every second or so."""
        at = int(rng.uniform(0.5, 2) * RATE)
        while at < len(self.near):
            begin = at // FRAME * FRAME
            gap = slice(begin, begin + FRAME * int(rng.integers(1, 4)))
            self.near[gap] = self.speech[gap] = 0
            at += int(rng.uniform(0.3, 2) * RATE)

    def codes(self):
        """What travels: near and far, mu-law."""
        near = audio.encode(self.near)
        return near, None if self.far is None else audio.encode(self.far)


def voiced_parts(speech, dbfs):
    """Where speech is within 32 dB of its level, gaps under 150 ms bridged."""
    step = RATE // 200
    whole = speech[: len(speech) // step * step].reshape(-1, step)
    loud = 10 * np.log10((whole**2).mean(axis=1) + 1e-12) > dbfs - 32
    parts = []
    for at in np.flatnonzero(loud) * step:
        if parts and at - parts[-1][1] < 0.15 * RATE:
            parts[-1][1] = at + step
        else:
            parts.append([at, at + step])
    return [(b, e) for b, e in parts if e - b > 0.02 * RATE]


def line_noise(rng, clip, dbfs=None):
    level = rng.uniform(-80, -58) if dbfs is None else dbfs
    kind = rng.choice(["white", "white", "pink", "hum"])
    clip.near += audio.noise(rng, kind, len(clip.near)) * 10 ** (level / 20)


def talk(rng, clip, voices, dbfs, gap=(0.7, 2.5), first=1.2):
    """Somebody speaks. Of the fit's voices some are heard from the middle of a word on."""
    cut = 0.65 if voices.split == "fit" else 0
    at = int(rng.uniform(first, first + 1.5) * RATE)
    while at < len(clip.near) - RATE:
        speech, begun = voices.say(rng), rng.random() < cut
        if begun:
            speech = audio.cut_in(rng, speech)
        at = clip.speak(rng, at, speech, dbfs + rng.uniform(-3, 3), begun)
        at += int(rng.uniform(*gap) * RATE)


def clean(rng, voices, seconds=24):
    dbfs = rng.uniform(-38, -12)
    clip = Clip("clean", seconds)
    line_noise(rng, clip)
    talk(rng, clip, voices, dbfs)
    return clip


def noisy(rng, voices, kind=None, snr=None, seconds=24):
    kind = kind or rng.choice(STATIONARY)
    snr = rng.uniform(5, 25) if snr is None else snr
    clip = Clip("noise", seconds, noise=kind, snr_db=round(float(snr)))
    clip.near += audio.noise(rng, kind, len(clip.near)) * 10 ** ((-26 - snr) / 20)
    talk(rng, clip, voices, -26)
    return clip


def babbling(rng, voices, snr, seconds=24):
    clip = Clip("noise", seconds, noise="babble", snr_db=snr)
    clip.near += audio.babble(rng, voices, len(clip.near)) * 10 ** ((-26 - snr) / 20)
    talk(rng, clip, voices, -26)
    return clip


def silent(rng, kind=None, seconds=24):
    kind = kind or rng.choice(STATIONARY)
    clip = Clip("nonspeech", seconds, noise=kind)
    level = rng.uniform(-70, -30)
    clip.near += audio.noise(rng, kind, len(clip.near)) * 10 ** (level / 20)
    if rng.random() < 0.3:
        # The line becomes noisier at once: a door to the street opens.
        at = rng.integers(len(clip.near) // 3, len(clip.near))
        clip.near[at:] *= 10 ** (rng.uniform(3, 12) / 20)
        clip.about["noise"] = f"{kind}_step"
    return clip


def eventful(rng, voices=None, seconds=30, kinds=audio.EVENTS):
    clip = Clip("nonspeech", seconds, noise="events")
    line_noise(rng, clip)
    at = int(1.5 * RATE)
    while at < len(clip.near) - RATE:
        kind = rng.choice(kinds)
        quiet = {"breath": (-50, -24), "rustle": (-45, -25)}.get(kind, (-32, -6))
        clip.add(at, audio.event(rng, kind) * 10 ** (rng.uniform(*quiet) / 20))
        if voices is not None and rng.random() < 0.25:
            at = clip.speak(rng, at + int(0.9 * RATE), voices.say(rng), rng.uniform(-32, -20))
        at += int(rng.uniform(0.5, 1.6) * RATE)
    return clip


def echoing(rng, voices, loss=None, caller=False, seconds=26):
    loss = rng.uniform(8, 36) if loss is None else loss
    delay = rng.uniform(60, 300)
    clip = Clip("doubletalk" if caller else "echo", seconds, loss_db=round(float(loss)))
    clip.about["delay_ms"] = round(float(delay))
    # An agent speaks into noisy rooms, too.
    line_noise(rng, clip, rng.uniform(-58, -38) if rng.random() < 0.15 else None)
    far, heard = np.zeros_like(clip.near), np.zeros_like(clip.near)
    # When a telephone begins to play something is known only so well.
    loose = rng.random() < 0.5
    at = int(rng.uniform(0.2, 1.5) * RATE)
    while at < len(far) - RATE:
        late = int(rng.integers(0, 100)) if loose else 0
        for _ in range(rng.integers(1, 5)):
            speech = audio.at_level(voices.say(rng, agent=True), rng.uniform(-27, -20))
            end = min(at + len(speech), len(far))
            far[at:end] += speech[: end - at]
            coded = audio.decode(audio.encode(speech[: end - at])) / 32768
            heard[at + late : end + late] += coded[: len(heard) - at - late]
            at = min(end + int(rng.uniform(0.05, 0.35) * RATE), len(far) - 1)
        at += int(rng.uniform(0.4, 2.5) * RATE)
    clip.far = far
    if rng.random() < 0.25:
        # A loudspeaker that is driven hard.
        heard = np.tanh(heard * 4) / 4
    path = audio.echo_path(rng, loss, delay)
    clip.near += signal.oaconvolve(heard, path)[: len(clip.near)]
    if caller:
        talk(rng, clip, voices, rng.uniform(-34, -16), first=1.0)
    return clip


def write_pack(folder, clips, split):
    """The clips as a labelled pack: manifest.json, labels.csv and WAV files."""
    os.makedirs(folder, exist_ok=True)
    manifest, labels = [], []
    for number, clip in enumerate(clips):
        name = f"{split[0]}{number:02}_{clip.about['category']}"
        near, far = clip.codes()
        write_wav(os.path.join(folder, name + ".wav"), near)
        far_file = None
        if far is not None:
            far_file = name + ".far.wav"
            write_wav(os.path.join(folder, far_file), far)
        about = {"clip": name, "file": name + ".wav", "far_file": far_file}
        manifest.append({**about, "duration_ms": len(near) / 8, **clip.about})
        labels += [(name, round(b / 8), round(e / 8)) for b, e in clip.segments]
    with open(os.path.join(folder, "manifest.json"), "w") as file:
        json.dump({"split": split, "sample_rate": RATE, "clips": manifest}, file, indent=1)
    with open(os.path.join(folder, "labels.csv"), "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["clip", "speech_start_ms", "speech_end_ms"])
        rows.writerows(labels)


def write_wav(path, codes):
    fmt = struct.pack("<HHIIHHH", 7, 1, RATE, RATE, 1, 8, 0)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", len(codes)) + codes.tobytes()
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(body)) + body)
