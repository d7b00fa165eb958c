"""Writes a labelled pack of voices, sentences, noises and echo paths that the fit never heard.

    python pack.py FOLDER [--seed N] [--split test|judge] [--small]
"""

import argparse

import numpy as np

import audio
import scenes


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--voices", default="/tmp/otto-voices", help="where speech is kept")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--split", default="test", choices=["test", "judge"], help="who speaks")
    parser.add_argument("--small", action="store_true", help="few and short clips")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    voices = audio.Voices(args.split, args.voices)
    length = dict(seconds=8) if args.small else {}
    few = 2 if args.small else 5
    clips = [scenes.clean(rng, voices, **length) for _ in range(few)]
    for kind, levels in (("white", (20, 10)), ("car", (20, 10)), ("pink", (20, 10))):
        for snr in levels[-1:] if args.small else levels:
            clips += [scenes.noisy(rng, voices, kind, snr, **length) for _ in range(few // 2)]
    clips += [scenes.silent(rng, kind, **length) for kind in ("white", "car")]
    clips += [scenes.eventful(rng, **length) for _ in range(few)]
    for loss in (18,) if args.small else (12, 18, 24, 30):
        clips += [scenes.echoing(rng, voices, loss, False, **length) for _ in range(2)]
        clips += [scenes.echoing(rng, voices, loss, True, **length) for _ in range(2)]
    scenes.write_pack(args.folder, clips, args.split)


if __name__ == "__main__":
    main()
