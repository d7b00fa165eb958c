//! Scenes that nobody has written: whatever happens, nobody is stuck and one speaks at a time.

use super::script::{Act, Model, Script};
use super::stage::Stage;

/// A caller who has spoken for so long without a break is not spoken over.
const SPOKEN_OVER_MS: u64 = 600;

#[test]
fn nobody_is_stuck_and_one_speaks_at_a_time_whatever_happens() {
    for seed in 0..40 {
        let script = random(seed);
        let mut stage = Stage::new(&script);
        let mut speaks_for = 0;
        while stage.over.is_none() {
            stage.step();
            speaks_for = if stage.caller_sounds() {
                speaks_for + 10
            } else {
                0
            };
            assert!(
                speaks_for < SPOKEN_OVER_MS || !stage.agent_sounds(),
                "seed {seed}: the agent speaks into the caller's words: {script:?}"
            );
            assert!(
                stage.elapsed() < script.until,
                "seed {seed}: nobody ends the call: {script:?}"
            );
        }
        let differences = stage.replayed().differences;
        assert_eq!(differences, [], "seed {seed}: it does not replay");
    }
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
}

/// A caller who says and does anything for half a minute, and then nothing any more.
fn random(seed: u64) -> Script {
    let mut random = Dice(seed);
    let mut acts = Vec::new();
    let mut at = random.u64(0..3_000);
    while at < 30_000 {
        let length = random.u64(2..90) * 20;
        acts.push((
            at,
            match random.u64(0..6) {
                0 => Act::Coughs {
                    length: random.u64(2..8) * 20,
                },
                1 => Act::Presses('5'),
                n => Act::Says {
                    length,
                    words: ["stop", "uh-huh", "hours", "what does it cost"][n as usize - 2]
                        .to_owned(),
                },
            },
        ));
        at += length + random.u64(10..200) * 20;
    }
    Script {
        name: format!("seed {seed}"),
        greeting: "Hello, this is the service desk. We have Tuesday at ten and Friday at two."
            .to_owned(),
        replies: vec![
            (
                "hours".to_owned(),
                "We are open from nine to five every day.".to_owned(),
            ),
            ("stop".to_owned(), "Sure. [tool 2000]".to_owned()),
            ("tool".to_owned(), "That is done.".to_owned()),
        ],
        hears_whole_line: random.bool(),
        eager: random.bool(),
        recogniser_late: random.u64(0..60) * 20,
        synthesiser_late: random.u64(0..40) * 20,
        model: Some(if random.bool() {
            Model::Says {
                late: random.u64(0..150) * 20,
                pieces: vec!["It depends,".to_owned(), "about forty dollars.".to_owned()],
            }
        } else {
            Model::Fails {
                late: random.u64(0..150) * 20,
            }
        }),
        acts,
        until: 120_000,
        ..Script::default()
    }
}
