#!/usr/bin/env python3
"""Builds the language models beside this file from the grammar and the free-form lines.

    python3 pipeline/src/local/lm/build.py

Nothing but Python is needed, and the same inputs give the same files. For each expectation,
sentences are drawn from the grammar, the free-form lines are added, and a trigram model with
Witten-Bell back-off is written in ARPA format.
"""

import math
import pathlib
import random
import re
from collections import Counter, defaultdict

HERE = pathlib.Path(__file__).parent
GRAMMAR = HERE.parent / "grammar" / "service.jsgf"
FREE_FORM = HERE / "freeform.txt"

# For each model: rules and how many sentences are drawn from each. The rule of the same name holds
# everything that is heard there; the others are what is most likely.
DRAWS = {
    "open": {"request": 6000, "change": 1200, "inquiry": 4000, "human": 800, "yes_or_no": 2000, "any": 500, "open": 2500, "visited": 400, "no_calls": 100},
    "yesno": {"yes_or_no": 5000, "any": 500, "yesno": 600, "reminded": 1500, "no_calls": 300},
    "when": {"day_time": 12000, "appointed": 6000, "any": 500, "when": 1500},
    "phone": {"phone_number": 6000, "any": 500, "phone": 400},
    "dob": {"birth_date": 12000, "any": 500, "dob": 400},
    "address": {"street_address": 4500, "any": 500, "address": 400},
    "name": {"person": 6000, "any": 500, "name": 400},
    "vehicle": {"vehicle_said": 12000, "any": 500, "vehicle": 400},
}
FREE_FORM_COPIES = 6
SEED = 7


def load(text):
    """The rules of a JSGF text, each as a tree of ("alt" | "seq" | "opt" | "ref" | "word", ...)."""
    text = re.sub(r"//.*|#JSGF.*", "", text)
    rules = {}
    for statement in text.split(";"):
        match = re.match(r"\s*<(\w+)>\s*=\s*(.*)$", statement, re.S)
        if match:
            rules[match[1]] = parse(re.findall(r"<\w+>|[\w']+|[\[\]()|]", match[2]))
    return rules


def parse(tokens):
    place = 0

    def alternatives():
        nonlocal place
        branches = [sequence()]
        while place < len(tokens) and tokens[place] == "|":
            place += 1
            branches.append(sequence())
        return ("alt", branches)

    def sequence():
        nonlocal place
        parts = []
        while place < len(tokens) and tokens[place] not in "|)]":
            token = tokens[place]
            place += 1
            if token in "[(":
                inside = alternatives()
                assert tokens[place] == {"[": "]", "(": ")"}[token], tokens[place]
                place += 1
                parts.append(("opt", inside) if token == "[" else inside)
            elif token.startswith("<"):
                parts.append(("ref", token[1:-1]))
            else:
                parts.append(("word", token))
        return ("seq", parts)

    tree = alternatives()
    assert place == len(tokens), tokens[place:]
    return tree


def draw(rules, node, dice):
    kind, inside = node
    if kind == "word":
        return [inside]
    if kind == "ref":
        return draw(rules, rules[inside], dice)
    if kind == "opt":
        return draw(rules, inside, dice) if dice.random() < 0.5 else []
    if kind == "seq":
        return [word for part in inside for word in draw(rules, part, dice)]
    return draw(rules, dice.choice(inside), dice)


def free_form(name):
    for line in FREE_FORM.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            place, words = line.split(":", 1)
            if place in (name, "*"):
                yield words.split()


def corpus(rules, name):
    dice = random.Random(SEED)
    for rule, count in DRAWS[name].items():
        for _ in range(count):
            yield draw(rules, ("ref", rule), dice)
    for words in free_form(name):
        for _ in range(FREE_FORM_COPIES):
            yield words


def trigrams(sentences):
    """Probabilities and back-off weights by history, Witten-Bell, each order over the lower one."""
    counts = {1: defaultdict(Counter), 2: defaultdict(Counter), 3: defaultdict(Counter)}
    for words in sentences:
        words = ["<s>", *words, "</s>"]
        for end in range(1, len(words)):
            for order in (1, 2, 3):
                if end - order + 1 >= 0:
                    history = tuple(words[end - order + 1 : end])
                    counts[order][history][words[end]] += 1
    vocabulary = {word for word in counts[1][()]} | {"<s>"}
    probability = {(): {}}

    def lookup(history, word):
        if history in probability and word in probability[history]:
            return probability[history][word]
        if not history:
            return 1.0 / len(vocabulary)
        return backoff.get(history, 1.0) * lookup(history[1:], word)

    backoff = {}
    for order in (1, 2, 3):
        for history, following in sorted(counts[order].items()):
            total, kinds = sum(following.values()), len(following)
            lower = history[1:] if history else None
            probability[history] = {
                word: (
                    count
                    + kinds * (lookup(lower, word) if history else 1.0 / len(vocabulary))
                )
                / (total + kinds)
                for word, count in sorted(following.items())
            }
            if history:
                left = 1.0 - sum(probability[history].values())
                lower_left = 1.0 - sum(lookup(lower, word) for word in following)
                backoff[history] = max(left, 1e-9) / max(lower_left, 1e-9)
    return probability, backoff


def arpa(probability, backoff):
    log = lambda value: f"{max(math.log10(value), -9.0):.3f}"
    grams = {1: [], 2: [], 3: []}
    for history, following in probability.items():
        for word, value in following.items():
            grams[len(history) + 1].append((*history, word, value))
    grams[1].append(("<s>", 1e-9))
    lines = ["\\data\\"]
    lines += [f"ngram {order}={len(grams[order])}" for order in (1, 2, 3)]
    for order in (1, 2, 3):
        lines += ["", f"\\{order}-grams:"]
        for *words, value in sorted(grams[order]):
            weight = f" {log(backoff[tuple(words)])}" if tuple(words) in backoff else ""
            lines.append(f"{log(value)} {' '.join(words)}{weight}")
    return "\n".join([*lines, "", "\\end\\", ""])


def main():
    rules = load(GRAMMAR.read_text())
    for name in DRAWS:
        text = arpa(*trigrams(corpus(rules, name)))
        (HERE / f"{name}.arpa").write_text(text)
        print(f"{name}.arpa: {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
