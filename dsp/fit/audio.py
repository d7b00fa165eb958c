"""Sound for fitting the detector: synthetic voices, generated noise, events and echo paths.

Nothing here is recorded. Voices come from flite and espeak-ng; all else is arithmetic on a seed.
Signals are float arrays at 8 kHz, 1.0 being full scale.
"""

import os
import subprocess
import wave

import numpy as np
from scipy import signal

RATE = 8000
FRAME = 160

# Who speaks for the fit, who for the packs that thresholds are chosen by (test), and who only for
# those that judge them: they share no voice and no sentence.
VOICES = {
    "fit": [("flite", v) for v in ("kal16", "rms", "slt", "kal")]
    + [
        ("espeak", v)
        for v in (
            "en-us en-us+m1 en-us+m3 en-us+f1 en-us+f2 en-us+f5 en-gb en-gb+m2 en-gb-x-rp+f3 "
            "en-us+klatt2 en-us+klatt4 en-us+adam en-us+linda en-us+grandma en-us+caleb "
            "en-us+Alicia en-us+Mario en-us+quincy en-us+zac es es+f2 en-029+m4 en-us+m4 en-gb+f1 "
            "en-us+Andrea en-us+Lee en-gb+max en-us+paul en-us+Gene en-gb+Jacky en-us+belinda "
            "en-us+ed en-gb+Hugo en-us+robert en-us+anika en-gb+m8 en-us+Storm en-us+klatt5"
        ).split()
    ],
    "test": [("flite", "awb")]
    + [
        ("espeak", v)
        for v in (
            "en-gb-scotland en-us+f4 en-us+m7 en-us+steph en-us+Michael en-gb-x-gbcwmd+m5 "
            "en-us+Annie en-us+david en-us+klatt en-gb+rob en-us+aunty"
        ).split()
    ],
    "judge": [
        ("espeak", v)
        for v in (
            "en-us+Alex en-us+Andy en-gb+benjamin en-us+edward en-us+marcelo en-us+Mike "
            "en-gb+pablo en-us+steph3 en-gb+travis en-us+shelby en-us+victor en-us+Denis "
            "en-gb-x-gbclan+john en-us+miguel en-us+m6 en-gb+norbert"
        ).split()
    ],
}

LINES = {
    "fit": """Yes.|No.|Stop.|Wait.|Hello?|Hold on a second.|Sorry, what was that?|Okay, thank you.
I'd like to book an oil change.|My car makes a strange noise when I brake.|Could we do Thursday?
How much does a brake inspection cost?|The phone number is two one four, five five five.
My name is Walter Brandt.|It is a blue sedan from twenty nineteen.|Actually, can I talk to someone?
Four thirty in the afternoon would be fine.|I moved to seventy two Juniper Lane.|Eight.
Half past seven.|Please cancel my appointment.|What are your opening hours on Saturday?|Uh huh.
She said that she would pick it up after work.|Zero one nine nine.|Five.|Friday.|Go ahead.
The check engine light came on this morning.|Maybe we should move it to the week after.
Very good, that works for me.|I have a question about my bill.|Thanks, bye.|Perhaps.|He is here.
Should I wait at the dealership?|For the tires as well, please.|Mm, let me think.|What?|Hi.
Seven.|She said four.|Fine, how about Thursday?|Sure thing.|Sixteen.|Help me out here.|Perfect.
See you then.|Shall we say half past five?|Forty four Chestnut Street.|Cheaper, if you can.""",
    "test": """Yeah.|Nope.|Excuse me.|Hang on.|Is anybody there?|Can you repeat that?|One moment.
I need to change my appointment.|There is a rattle in the front when I turn left.|Tomorrow.
Do you have anything earlier than ten?|Seven seven three, five five five, zero one four two.
This is Felicia Hartmann.|The truck needs new wipers.|Never mind.|How long will that take?
Let me speak to a person, please.|Monday at noon.|That sounds great.|Six.|Second of March.
Somebody called me about a recall.|Finish it by Wednesday if you can.|Sure.|Right.""",
    "judge": """Stop it.|Hello there.|Six thirty.|Hmm.|Yes please.|No thanks.|Hold on.|Pardon?
Should be fine.|Thirty five thousand miles.|Which day is free?|My battery is dead again.|For two.
Can somebody pick me up?|I am calling for my father.|Five five five, zero one eight one.
The steering wheel shakes at high speed.|Tuesday then.|Excellent.|How late are you open?
Change the filter too.|Actually, no.|Um, give me a second.|What do I owe you?|Eleven o'clock.""",
}

AGENT = """Thank you for calling. How can I help you today?|I have Tuesday at nine thirty or eleven.
Let me look that up for you, it takes just a moment.|Your vehicle is due for its yearly service.
The first appointment on Friday is at a quarter past eight in the morning, would that suit you?
We are open from seven in the morning until six in the evening, Monday through Saturday.
May I have the ten digit phone number for the account?|All right, that is booked for you.
Bring the key and the registration, and please arrive ten minutes early."""


def lines(text):
    return [line for row in text.split("\n") for line in row.split("|") if line]


class Voices:
    """Speech of one split, synthesised once and kept in `folder`."""

    def __init__(self, split, folder):
        self.split, self.folder = split, folder
        os.makedirs(folder, exist_ok=True)

    def say(self, rng, agent=False):
        """A voice says a line: samples at their natural level, trimmed."""
        texts = lines(AGENT if agent else LINES[self.split])
        return self.synthesise(rng, texts[rng.integers(len(texts))])

    def synthesise(self, rng, text):
        engine, voice = VOICES[self.split][rng.integers(len(VOICES[self.split]))]
        # Few rates and pitches, so that what was made once is found again.
        pace, pitch = int(rng.integers(3)), int(rng.integers(3))
        name = "".join(c for c in text.lower() if c.isalnum())[:40]
        path = os.path.join(self.folder, f"{engine}_{voice}_{pace}{pitch}_{name}.wav")
        if not os.path.exists(path):
            if engine == "flite":
                stretch = str((0.8, 1.0, 1.2)[pace])
                mean = str({"slt": 170, "awb": 115}.get(voice, 105) * (0.85, 1.0, 1.2)[pitch])
                command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}"]
                command += ["--setf", f"int_f0_target_mean={mean}", "-t", text, "-o", path]
            else:
                command = ["espeak-ng", "-v", voice, "-s", str((140, 170, 205)[pace])]
                command += ["-p", str((30, 50, 70)[pitch]), "-w", path, text]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with wave.open(path) as file:
            rate = file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768.0
        up, down = WARPS[rng.integers(len(WARPS))]
        speech = signal.resample_poly(raw, RATE // 50 * up, rate // 50 * down)
        loud = np.flatnonzero(np.abs(speech) > 0.003)
        return speech[loud[0] : loud[-1] + 1] if len(loud) else np.zeros(RATE // 4)


# A voice played at another speed is that of a child or of a large man.
WARPS = [(1, 1), (1, 1), (1, 1), (9, 8), (8, 9), (5, 6), (4, 5)]


def cut_in(rng, speech):
    """Speech whose beginning the line has swallowed, as gates and lost packets do."""
    most = min(len(speech) - RATE // 4, RATE)
    return speech[int(rng.integers(most)) :] if most > 0 else speech


def active_rms(speech):
    """The level of speech where it is speech: of its 20 ms frames above -30 dB of the loudest."""
    whole = speech[: len(speech) // FRAME * FRAME].reshape(-1, FRAME)
    power = (whole**2).mean(axis=1) if len(whole) else np.array([(speech**2).mean()])
    return np.sqrt(power[power > power.max() * 1e-3].mean() + 1e-12)


def at_level(speech, dbfs):
    return speech * 10 ** (dbfs / 20) / active_rms(speech)


def telephone(rng, speech, soft=True):
    """A line's band, a microphone's tilt, a mobile's codec, and a talker who begins softly."""
    low, high = rng.uniform(180, 340), rng.uniform(3100, 3700)
    out = signal.sosfilt(signal.butter(3, [low, high], "band", fs=RATE, output="sos"), speech)
    tilt = rng.uniform(-0.5, 0.5)
    out = signal.lfilter([1, -tilt], [1], out)
    if rng.random() < 0.25:
        # What a codec adds follows the speech (ITU-T P.810); some clip on top of that.
        out *= 1 + rng.standard_normal(len(out)) * 10 ** (-rng.uniform(10, 25) / 20)
        most = np.abs(out).max(initial=1e-9) * rng.uniform(0.3, 1.5)
        out = np.clip(out, -most, most)
    if soft and rng.random() < 0.6:
        # People start softer than synthesisers do.
        ramp = int(RATE * rng.uniform(0.02, 0.15))
        ramp = min(ramp, len(out))
        out[:ramp] *= 10 ** (np.linspace(rng.uniform(-20, -6), 0, ramp) / 20)
    return out


def coloured(rng, n, slope):
    """Noise whose power falls by `slope` times 3 dB per octave: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)
    return np.fft.irfft(spectrum / hertz ** (slope / 2), n)


def noise(rng, kind, n):
    """Stationary noise of unit power within the telephone's band."""
    if kind == "car":
        out = coloured(rng, n, 2.2)
        t = np.arange(n) / RATE
        for harmonic in range(1, 6):
            out += 0.15 * out.std() / harmonic * np.sin(2 * np.pi * rng.uniform(28, 40) * harmonic * t)
        out *= 1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.05, 0.4) * t)
    elif kind == "hum":
        t = np.arange(n) / RATE
        base = rng.choice([50.0, 60.0])
        out = sum(rng.uniform(0.1, 1) / h * np.sin(2 * np.pi * base * h * t) for h in range(1, 14))
        out = out + 0.1 * rng.standard_normal(n)
    elif kind == "fan":
        out = signal.lfilter(*signal.iirpeak(rng.uniform(150, 900), 2, fs=RATE), rng.standard_normal(n))
        out = out + 0.3 * out.std() * coloured(rng, n, 1) / coloured(rng, n, 1).std()
    else:
        out = coloured(rng, n, {"white": 0, "pink": 1, "brown": 2}[kind])
    # What a telephone passes of it; steep at the bottom, as a line is.
    out = signal.sosfilt(signal.butter(2, [100, 3700], "band", fs=RATE, output="sos"), out)
    return out / (out.std() + 1e-12)


def babble(rng, voices, n, talkers=5):
    out = np.zeros(n)
    for _ in range(talkers):
        at = -int(rng.integers(RATE))
        while at < n:
            speech = at_level(voices.say(rng), 0)
            begin, end = max(at, 0), min(at + len(speech), n)
            if end > begin:
                out[begin:end] += speech[begin - at : end - at]
            at += len(speech) + int(rng.integers(RATE // 2))
    return out / (out.std() + 1e-12)


def decay(n, ms):
    return np.exp(-np.arange(n) / (ms * RATE / 1000))


def event(rng, kind):
    """Something short that is no speech, with a peak near 1."""
    ms = lambda low, high: int(rng.uniform(low, high) * RATE / 1000)
    tone = lambda hz, n: np.sin(2 * np.pi * hz * np.arange(n) / RATE + rng.uniform(0, 6))
    if kind == "click":
        n = ms(4, 60)
        out = rng.standard_normal(n) * decay(n, rng.uniform(0.3, 6))
        if rng.random() < 0.5:
            out += 2 * tone(rng.uniform(400, 3000), n) * decay(n, rng.uniform(1, 10))
    elif kind == "clicks":
        out = np.zeros(ms(150, 900))
        for _ in range(rng.integers(2, 9)):
            one = event(rng, "click") * rng.uniform(0.2, 1)
            at = rng.integers(len(out))
            out[at : at + len(one)] += one[: len(out) - at]
    elif kind == "breath":
        n = ms(100, 900)
        # Often through the whole band of the telephone, or else a part of it.
        low = rng.uniform(200, 400) if rng.random() < 0.5 else rng.uniform(200, 2000)
        high = rng.uniform(3000, 3800) if low < 400 else rng.uniform(low + 800, 3800)
        band = signal.butter(rng.integers(1, 5), [low, high], "band", fs=RATE, output="sos")
        shape = np.hanning(n) ** rng.uniform(0.5, 1.5)
        out = signal.sosfilt(band, rng.standard_normal(n)) * shape
        if rng.random() < 0.4:
            # It passes the throat and the mouth.
            for formant in (rng.uniform(400, 900), rng.uniform(1000, 1900), rng.uniform(2200, 3200)):
                peak = signal.iirpeak(formant, rng.uniform(2, 6), fs=RATE)
                out = out + rng.uniform(0.5, 2) * signal.lfilter(*peak, out)
        if rng.random() < 0.4:
            out *= 1 + 0.5 * np.abs(coloured(rng, n, 2) / coloured(rng, n, 2).std()).clip(0, 2)
    elif kind == "dtmf":
        n = ms(40, 400)
        out = rng.uniform(0.6, 1.6) * tone(rng.choice([697, 770, 852, 941]), n) + tone(rng.choice([1209, 1336, 1477, 1633]), n)
    elif kind == "beep":
        n = ms(60, 900)
        out = tone(rng.choice([350, 400, 425, 440, 480, 620, 950, 1000, 1400, 2100, 2600]), n)
        if rng.random() < 0.5:
            out += tone(rng.choice([440, 480, 620]), n)
    elif kind == "chirp":
        n = ms(60, 700)
        sweep = np.linspace(rng.uniform(300, 3000), rng.uniform(300, 3000), n)
        out = np.sin(2 * np.pi * np.cumsum(sweep) / RATE)
        if rng.random() < 0.5:
            out *= 0.5 + 0.5 * np.sign(tone(rng.uniform(4, 25), n))
    elif kind == "knock":
        out = np.zeros(ms(200, 900))
        for at in range(0, len(out), ms(130, 350)):
            n = ms(60, 160)
            one = tone(rng.uniform(80, 450), n) * decay(n, rng.uniform(8, 30))
            one += tone(rng.uniform(300, 1200), n) * decay(n, rng.uniform(3, 12))
            one += 0.7 * rng.standard_normal(n) * decay(n, rng.uniform(1, 8))
            one = one[: len(out) - at] * rng.uniform(0.5, 1)
            out[at : at + len(one)] += one
    elif kind == "cough":
        out = np.zeros(ms(250, 700))
        for at in range(0, len(out) - 400, ms(200, 350)):
            n = min(ms(90, 260), len(out) - at)
            one = rng.standard_normal(n)
            for formant in (rng.uniform(400, 900), rng.uniform(1000, 1900), rng.uniform(2200, 3200)):
                one = one + 2 * signal.lfilter(*signal.iirpeak(formant, rng.uniform(2, 5), fs=RATE), one)
            rise = min(ms(2, 25), n)
            one[:rise] *= np.linspace(0, 1, rise)
            out[at : at + n] += one * decay(n, rng.uniform(25, 90))
    elif kind == "rustle":
        n = ms(200, 900)
        rough = np.abs(signal.lfilter([1], [1, -0.97], rng.standard_normal(n)))
        out = rng.standard_normal(n) * rough * np.hanning(n)
    else:  # bump: a hand on the handset
        n = ms(60, 250)
        out = coloured(rng, n, rng.uniform(1.5, 2.5)) * decay(n, rng.uniform(10, 60))
    return out / (np.abs(out).max() + 1e-9)


EVENTS = "click clicks breath breath breath dtmf dtmf beep chirp knock cough rustle bump".split()


def echo_path(rng, loss_db, delay_ms):
    """An impulse response: a delay, a few reflections, a dispersive tail, a telephone's colour."""
    tail = int(RATE * rng.uniform(0.008, 0.08))
    response = rng.standard_normal(tail) * decay(tail, 1000 * tail / RATE / rng.uniform(3, 6))
    response[0] += rng.uniform(0, 3)
    response = signal.lfilter([1, -rng.uniform(0.3, 0.9)], [1], response)
    response /= np.sqrt((response**2).sum())
    return np.concatenate([np.zeros(int(delay_ms * RATE / 1000)), response]) * 10 ** (-loss_db / 20)


def encode(samples):
    """G.711 mu-law codes."""
    pcm = np.clip(np.round(samples * 32768), -32635, 32635).astype(np.int32)
    magnitude = np.abs(pcm) + 132
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    step = (magnitude >> (segment + 3)) & 15
    return (~((segment << 4) | step | np.where(pcm < 0, 0x80, 0))).astype(np.uint8)


def decode(codes):
    """16-bit samples of mu-law codes."""
    code = ~codes.astype(np.int32) & 0xFF
    magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)
