//! Scenes that nobody has written: whatever happens and whatever fails, the invariants hold, and nobody
//! is stuck.
//!
//! `SCENES=1000` plays so many, and `SEED=7` begins there: what fails says its seed.

use std::time::Instant;

use storage::customer::Phone;

use super::script::{Act, Leader, Model, Script};
use super::stage::Stage;

/// How many are played unless told otherwise: a few seconds.
const SCENES: u64 = 60;

#[test]
fn nobody_is_stuck_and_no_invariant_breaks_whatever_happens() {
    let [first, count] = [("SEED", 0), ("SCENES", SCENES)].map(|(name, usual)| {
        let set = std::env::var(name).ok();
        set.map_or(usual, |number| number.parse().expect("a number"))
    });
    let began = Instant::now();
    let mut played = 0;
    for seed in first..first + count {
        let script = random(seed);
        let mut stage = Stage::new(&script);
        stage.run();
        let failures = stage.failures();
        assert!(failures.is_empty(), "SEED={seed}: {failures:?}: {script:?}");
        assert!(
            stage.over.is_some(),
            "SEED={seed}: nobody ends the call: {script:?}"
        );
        let differences = stage.replayed().differences;
        assert_eq!(differences, [], "SEED={seed}: it does not replay");
        played += stage.elapsed() / 1_000;
    }
    let took = began.elapsed().as_secs_f64();
    let (calls, seconds) = (count as f64 / took, played as f64 / took);
    println!("{count} calls from seed {first}: {calls:.1} calls, {seconds:.0} s of them, a second");
}

/// Throws the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    /// One of `range`.
    fn u64(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        range.start + (mixed ^ (mixed >> 31)) % (range.end - range.start)
    }

    fn bool(&mut self) -> bool {
        self.u64(0..2) == 1
    }

    fn one_of<T: Copy, const N: usize>(&mut self, these: [T; N]) -> T {
        these[self.u64(0..N as u64) as usize]
    }

    /// Once in `n` times, something.
    fn rarely<T>(&mut self, n: u64, what: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.u64(0..n) == 0).then(|| what(self))
    }
}

/// A caller who says and does anything for half a minute, and then nothing any more, on a line and
/// with vendors that may be anything but good.
fn random(seed: u64) -> Script {
    let mut dice = Dice(seed);
    let leader = dice.one_of([Leader::Puppet, Leader::Puppet, Leader::Rules, Leader::Model]);
    let mut script = Script {
        name: format!("seed {seed}"),
        leader,
        caller: dice
            .bool()
            .then(|| Phone::parse("+12175550101").expect("a number")),
        acts: acts(&mut dice, leader),
        tools_late: dice.u64(0..200) * 20,
        until: 180_000,
        ..vendors(&mut dice)
    };
    script.echo = dice.rarely(3, |dice| (dice.u64(15..31) as f32, dice.u64(4..20) * 10));
    script.noise = dice.rarely(3, |dice| dice.u64(40..70) as f32);
    if leader == Leader::Puppet {
        "Hello, this is the service desk. We have Tuesday at ten and Friday at two."
            .clone_into(&mut script.greeting);
        script.replies = [
            ("hours", "We are open from nine to five every day."),
            ("stop", "Sure. [tool 2000]"),
            ("tool", "That is done."),
        ]
        .map(|(to, reply)| (to.to_owned(), reply.to_owned()))
        .to_vec();
    }
    script
}

fn acts(dice: &mut Dice, leader: Leader) -> Vec<(u64, Act)> {
    let words = match leader {
        Leader::Puppet => ["stop", "uh-huh", "hours", "what does it cost"],
        Leader::Rules => ["yes", "uh-huh", "i need an oil change", "friday at two p m"],
        Leader::Model => ["stop", "uh-huh", "yes", "what does it cost"],
    };
    let mut acts = Vec::new();
    // Who speaks from the first moment on is taken for the line's noise at first.
    let mut at = dice.u64(200..3_000);
    while at < 30_000 {
        let act = match dice.u64(0..6) {
            0 => Act::Coughs {
                length: dice.u64(2..8) * 20,
            },
            1 => Act::Presses('5'),
            _ => Act::Says {
                length: dice.u64(2..90) * 20,
                words: dice.one_of(words).to_owned(),
            },
        };
        let over = at + act.length();
        acts.push((at, act));
        at = over + dice.u64(10..200) * 20;
    }
    acts
}

fn vendors(dice: &mut Dice) -> Script {
    let late = dice.u64(0..150) * 20;
    let deaf = dice.rarely(5, |dice| {
        let from = dice.u64(0..30_000);
        (from, from + dice.u64(1_000..200_000))
    });
    Script {
        hears_whole_line: dice.bool(),
        eager: dice.bool(),
        recogniser_late: dice.u64(0..60) * 20,
        deaf: deaf.unwrap_or_default(),
        recogniser_fails: dice.rarely(8, |dice| dice.u64(0..30_000)),
        synthesiser_late: dice.u64(0..40) * 20,
        synthesiser_fails: dice.rarely(8, |dice| dice.u64(0..30_000)),
        synthesiser_dumb: dice.rarely(8, |dice| dice.u64(0..30_000)),
        models: vec![if dice.bool() {
            Model::Says {
                late,
                pieces: vec!["It depends,".to_owned(), "about forty dollars.".to_owned()],
            }
        } else {
            Model::Fails { late }
        }],
        ..Script::default()
    }
}
