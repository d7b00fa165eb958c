//! The language of scenes. Times and lengths are milliseconds.
//!
//! ```text
//! == a name that says what must hold
//! led by: rules                       or model; else a puppet, that greets and replies as is written
//! caller: +12175550101                known to the book of rules and model; else a withheld number
//! tools: late 1500                    of rules and model
//! greeting: Hello there.              LONG stands for eight seconds of it
//! reply hours: Nine to five.          what the dialogue answers to these words
//! reply bye: Good-bye. [hang up]      and does: hang up, transfer, yes/no, tool 3000
//! recogniser: whole late 300          hears the whole line and has partial words; how late it is
//! recogniser: eager late 50           tells of words that are likely all; and how late it is
//! recogniser: deaf 0 5000             says nothing in this time
//! recogniser: fails 5000              and says so of every turn from then on
//! synthesiser: late 400
//! synthesiser: fails 5000             and says so from then on; or: dumb 5000, and says nothing
//! model: late 500 Sure, | forty dollars.
//! model: late 500 [end_call {}]       asks for a tool; several models answer in turn, the last all
//! model: fails 3000
//! line: echo 20 120                   dB down, and how late; what a recogniser that hears the
//!                                     whole line makes of it are words
//! line: noise 45                      its RMS in dB below full scale; or: babble 45 (many voices)
//! 1000 says 400: stop                 at one second, for so long
//! 1000 coughs 60
//! 1000 presses 0
//! after 500 says 400: yes             so long after the agent has been heard and is silent
//! into 1500 says 400: stop            so far into what the agent says next
//! then 400 coughs 60                  so long after what the caller did before
//! until 20000
//! heard: stop / unclear               what the dialogue was told; * stands for anything
//! dips 1                              the agent fell silent and went on, so often
//! interruptions 1
//! thoughts 1 2                        questions to the model ahead of a turn: used, and in vain
//! whole                               every sample said was heard, with little repeated
//! silent 1200 2000                    nothing is heard of the agent in this time
//! sounds 2500 2600                    something is
//! says: Nine to five.                 or `says not`
//! stops within 200                    whenever the caller spoke into the agent's words
//! pauses 15000 5000                   each time that the agent is silent for more than a second
//! remembers: Hello. / Nine*           what the model was told last that it had said; or `remembers not`
//! booked 1                            appointments that the call has made
//! tools 12                            that were run and have answered
//! over 9000                           the call has ended by then; or `goes on`
//! ends: transfer                      or hung up
//! ```

use storage::customer::Phone;

use crate::session::ending::Ending;

/// Eight seconds of an agent who has much to say.
const LONG: &str = "We have openings on Tuesday at ten in the morning, and on Friday at two in the \
                    afternoon, and our best technician is here on both days.";

/// How long a scene goes on after the caller has done the last thing.
pub(super) const PATIENCE: u64 = 8_000;

/// The longest scene of a caller who listens.
pub(super) const LISTENS_FOR: u64 = 180_000;

/// One scene.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) leader: Leader,
    pub(super) caller: Option<Phone>,
    pub(super) tools_late: u64,
    pub(super) greeting: String,
    pub(super) replies: Vec<(String, String)>,
    pub(super) hears_whole_line: bool,
    pub(super) eager: bool,
    pub(super) recogniser_late: u64,
    pub(super) deaf: (u64, u64),
    pub(super) recogniser_fails: Option<u64>,
    pub(super) synthesiser_late: u64,
    pub(super) synthesiser_fails: Option<u64>,
    pub(super) synthesiser_dumb: Option<u64>,
    pub(super) models: Vec<Model>,
    pub(super) echo: Option<(f32, u64)>,
    pub(super) noise: Option<f32>,
    pub(super) babble: Option<f32>,
    pub(super) acts: Vec<(u64, Act)>,
    pub(super) cues: Vec<(Cue, Act)>,
    pub(super) until: u64,
    pub(super) expected: Vec<Expected>,
}

/// Who leads the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Leader {
    #[default]
    Puppet,
    Rules,
    Model,
}

#[derive(Clone, Debug)]
pub(super) enum Model {
    Says { late: u64, pieces: Vec<String> },
    Fails { late: u64 },
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Says { length: u64, words: String },
    Coughs { length: u64 },
    Presses(char),
}

impl Act {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Says { length, .. } | Self::Coughs { length } => *length,
            Self::Presses(_) => 0,
        }
    }
}

/// When an act is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    After(u64),
    Into(u64),
    Then(u64),
}

#[derive(Clone, Debug)]
pub(super) enum Expected {
    Heard(String),
    Dips(usize),
    Interruptions(usize),
    Thoughts(usize, usize),
    Whole,
    Silent(u64, u64),
    Sounds(u64, u64),
    Says(String),
    SaysNot(String),
    StopsWithin(u64),
    Pauses(Vec<u64>),
    Remembers(String),
    RemembersNot(String),
    Booked(usize),
    Tools(usize),
    OverBy(u64),
    GoesOn,
    Ends(Ending),
}

impl Script {
    pub(super) fn read_all(file: &str) -> Vec<Self> {
        let scenes = file
            .split("\n== ")
            .map(|scene| scene.trim_start_matches("== "));
        let scenes = scenes.filter(|scene| !scene.trim().is_empty() && !scene.starts_with('#'));
        scenes.map(Self::read).collect()
    }

    fn read(scene: &str) -> Self {
        let mut lines = scene.lines();
        let mut script = Self {
            name: lines.next().expect("a name").trim().to_owned(),
            greeting: "Hello there.".to_owned(),
            recogniser_late: 150,
            synthesiser_late: 100,
            ..Self::default()
        };
        for line in lines.map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                let read = script.line(line);
                assert!(read.is_some(), "{}: cannot read {line:?}", script.name);
            }
        }
        let last = script.acts.iter().map(|(at, _)| *at).max().unwrap_or(0);
        if script.until == 0 {
            let listens = !script.cues.is_empty();
            script.until = if listens {
                LISTENS_FOR
            } else {
                last + PATIENCE
            };
        }
        script
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let (head, tail) = line
            .split_once(':')
            .map_or((line, ""), |(h, t)| (h, t.trim()));
        let mut words = head.split_whitespace();
        let tail_words: Vec<&str> = tail.split_whitespace().collect();
        let first = words.next()?;
        if let Ok(at) = first.parse() {
            let act = act(words, tail)?;
            self.acts.push((at, act));
            return Some(());
        }
        let cue = match first {
            "after" => Some(Cue::After as fn(u64) -> Cue),
            "into" => Some(Cue::Into as fn(u64) -> Cue),
            "then" => Some(Cue::Then as fn(u64) -> Cue),
            _ => None,
        };
        if let Some(cue) = cue {
            let cue = cue(words.next()?.parse().ok()?);
            let act = act(words, tail)?;
            self.cues.push((cue, act));
            return Some(());
        }
        let mut number = || words.next()?.parse::<u64>().ok();
        match first {
            "led" => {
                self.leader = match tail {
                    "rules" => Leader::Rules,
                    "model" => Leader::Model,
                    _ => return None,
                }
            }
            "caller" => self.caller = Some(Phone::parse(tail).ok()?),
            "tools" if tail.is_empty() => self.expected.push(Expected::Tools(number()? as usize)),
            "tools" => self.tools_late = tail_words.get(1)?.parse().ok()?,
            "greeting" => self.greeting = tail.replace("LONG", LONG),
            "reply" => {
                let to = head.strip_prefix("reply")?.trim().to_owned();
                self.replies.push((to, tail.to_owned()));
            }
            "recogniser" => match tail_words[..] {
                ["whole"] => self.hears_whole_line = true,
                ["whole", "late", late] => {
                    self.hears_whole_line = true;
                    self.recogniser_late = late.parse().ok()?;
                }
                ["eager", "late", late] => {
                    self.eager = true;
                    self.recogniser_late = late.parse().ok()?;
                }
                ["late", late] => self.recogniser_late = late.parse().ok()?,
                ["deaf", from, to] => self.deaf = (from.parse().ok()?, to.parse().ok()?),
                ["fails", at] => self.recogniser_fails = Some(at.parse().ok()?),
                _ => return None,
            },
            "synthesiser" => match tail_words[..] {
                ["late", late] => self.synthesiser_late = late.parse().ok()?,
                ["fails", at] => self.synthesiser_fails = Some(at.parse().ok()?),
                ["dumb", at] => self.synthesiser_dumb = Some(at.parse().ok()?),
                _ => return None,
            },
            "model" => {
                let late = tail_words.get(1)?.parse().ok()?;
                self.models.push(if tail_words[0] == "fails" {
                    Model::Fails { late }
                } else {
                    let text = tail_words[2..].join(" ");
                    let pieces = text.split('|').map(|piece| piece.trim().to_owned());
                    Model::Says {
                        late,
                        pieces: pieces.collect(),
                    }
                });
            }
            "line" => match tail_words[..] {
                ["echo", db, late] => self.echo = Some((db.parse().ok()?, late.parse().ok()?)),
                ["noise", db] => self.noise = Some(db.parse().ok()?),
                ["babble", db] => self.babble = Some(db.parse().ok()?),
                _ => return None,
            },
            "until" => self.until = number()?,
            "heard" => self.expected.push(Expected::Heard(tail.to_owned())),
            "dips" => self.expected.push(Expected::Dips(number()? as usize)),
            "interruptions" => self
                .expected
                .push(Expected::Interruptions(number()? as usize)),
            "thoughts" => self
                .expected
                .push(Expected::Thoughts(number()? as usize, number()? as usize)),
            "whole" => self.expected.push(Expected::Whole),
            "silent" => self.expected.push(Expected::Silent(number()?, number()?)),
            "sounds" => self.expected.push(Expected::Sounds(number()?, number()?)),
            "says" if head == "says not" => self.expected.push(Expected::SaysNot(tail.to_owned())),
            "says" => self.expected.push(Expected::Says(tail.to_owned())),
            "stops" => {
                let within = words.nth(1)?.parse().ok()?;
                self.expected.push(Expected::StopsWithin(within));
            }
            "pauses" => {
                let pauses: Result<_, _> = words.map(str::parse).collect();
                self.expected.push(Expected::Pauses(pauses.ok()?));
            }
            "remembers" if head == "remembers not" => {
                let text = tail.to_owned();
                self.expected.push(Expected::RemembersNot(text));
            }
            "remembers" => self.expected.push(Expected::Remembers(tail.to_owned())),
            "booked" => self.expected.push(Expected::Booked(number()? as usize)),
            "ends" => {
                self.expected.push(Expected::Ends(match tail {
                    "transfer" => Ending::Transfer,
                    "hung up" => Ending::HungUp,
                    _ => return None,
                }));
            }
            "over" => self.expected.push(Expected::OverBy(number()?)),
            "goes" => self.expected.push(Expected::GoesOn),
            _ => return None,
        }
        Some(())
    }
}

/// What a caller does.
fn act<'a>(mut words: impl Iterator<Item = &'a str>, tail: &str) -> Option<Act> {
    let what = words.next()?;
    let how = words.next()?;
    Some(match what {
        "says" => Act::Says {
            length: how.parse().ok()?,
            words: tail.to_owned(),
        },
        "coughs" => Act::Coughs {
            length: how.parse().ok()?,
        },
        "presses" => Act::Presses(how.chars().next()?),
        _ => return None,
    })
}
