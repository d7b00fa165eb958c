//! Plays a scene, and compares it with what was expected.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Zoned};
use pipeline::Mono;
use pipeline::message::{Command, EventKind};
use pipeline::net::rehearsal::Rehearsal;
use pipeline::vendor::VendorErrorKind;

use super::caller::CallersLine;
use super::edges::{Recogniser, Synthesiser};
use super::puppet::{Puppet, Told};
use super::script::{Act, Expected, Model, Script};
use crate::dialogue::{Input, ToolId};
use crate::events::{FORMAT, Header, LedBy, Log};
use crate::llm::{Answer, Failure};
use crate::session::conversation::{Conversation, Effect, Now, Thought};
use crate::session::recorded::{Minutes, Recorded};
use crate::session::replay::{Replayed, lead};
use crate::tools::Answer as Found;

pub(super) struct Stage<'a> {
    script: &'a Script,
    pub(super) plane: Rehearsal,
    conversation: Recorded,
    /// The event log of the conversation.
    written: Arc<Mutex<Vec<String>>>,
    told: Told,
    line: CallersLine,
    recogniser: Recogniser,
    synthesiser: Synthesiser,
    model: VecDeque<(u64, Answer)>,
    tools: VecDeque<(u64, ToolId)>,
    /// When a tool that runs will be done.
    tool_takes: u64,
    acts: VecDeque<(u64, Act)>,
    /// What the telephone played, with its pauses.
    played: Vec<u8>,
    /// In which periods of 10 ms it sounded.
    sounded: Vec<bool>,
    said: String,
    dips: usize,
    interruptions: usize,
    /// Thoughts ahead of a turn, used and in vain.
    thoughts: (usize, usize),
    /// When the call had ended.
    pub(super) over: Option<u64>,
    local: Zoned,
    ms: u64,
}

impl<'a> Stage<'a> {
    pub(super) fn new(script: &'a Script) -> Self {
        let told = Told::new(Mutex::new(Vec::new()));
        let mut acts: Vec<_> = script.acts.clone();
        acts.sort_by_key(|(at, _)| *at);
        let began = at(0);
        let puppet = Puppet::new(script, Arc::clone(&told));
        let conversation = Conversation::new(Box::new(puppet), false, began);
        let written = Arc::new(Mutex::new(Vec::new()));
        let minutes = Minutes::begin(
            Box::new({
                let written = Arc::clone(&written);
                move |line| written.lock().expect("one thread").push(line)
            }),
            &header(began),
        );
        let plane = Rehearsal::new(began, script.hears_whole_line);
        let tool = script.replies.iter().find_map(|(_, text)| {
            let tool = text.split_once("[tool ")?.1;
            tool.trim_end_matches(']').parse().ok()
        });
        Self {
            script,
            plane: plane.expect("doorbells"),
            conversation: Recorded::new(conversation, Some(minutes), began),
            written,
            told,
            line: CallersLine::new(script),
            recogniser: Recogniser::new(script),
            synthesiser: Synthesiser::new(script),
            model: VecDeque::new(),
            tools: VecDeque::new(),
            tool_takes: tool.unwrap_or(0),
            acts: acts.into(),
            played: Vec::new(),
            sounded: Vec::new(),
            said: String::new(),
            dips: 0,
            interruptions: 0,
            thoughts: (0, 0),
            over: None,
            local: morning(),
            ms: 0,
        }
    }

    pub(super) fn run(&mut self) {
        while self.ms < self.script.until && self.over.is_none() {
            self.step();
        }
    }

    /// The caller makes a sound now.
    pub(super) fn caller_sounds(&self) -> bool {
        self.line.sounds_at(self.ms * 8)
    }

    pub(super) fn elapsed(&self) -> u64 {
        self.ms
    }

    /// The agent was heard in the latest period.
    pub(super) fn agent_sounds(&self) -> bool {
        self.sounded.last().copied().unwrap_or(false)
    }

    /// 10 ms pass.
    pub(super) fn step(&mut self) {
        self.ms += 10;
        let before = self.plane.telephone().played.len();
        self.plane.handle_tick();
        let new = &self.plane.telephone().played[before..];
        self.sounded.push(!new.is_empty());
        let silence = 80_usize.saturating_sub(new.len());
        self.played.extend_from_slice(new);
        self.played.extend(std::iter::repeat_n(0xFF, silence));
        if self.ms.is_multiple_of(20) {
            let frame = self.line.frame((self.ms - 20) * 8, &self.played);
            self.plane.handle_caller(&frame);
        }
        while self.acts.front().is_some_and(|(at, _)| *at <= self.ms)
            && let Some((_, act)) = self.acts.pop_front()
        {
            if let Act::Presses(key) = act {
                self.plane.handle_key(key as u8);
            }
        }
        self.serve_edges();
        self.serve_session();
        if self.plane.ended().is_some() {
            self.over.get_or_insert(self.ms);
        }
    }

    fn serve_edges(&mut self) {
        while let Some(input) = self.plane.poll_recogniser() {
            self.recogniser.handle(self.ms, input);
        }
        while let Some(event) = self.recogniser.poll(self.ms) {
            self.plane.handle_recogniser(event);
        }
        while let Some(input) = self.plane.poll_synthesiser() {
            self.synthesiser.handle(self.ms, input);
        }
        while let Some(event) = self.synthesiser.poll(self.ms) {
            self.plane.handle_synthesiser(event);
        }
    }

    fn serve_session(&mut self) {
        let now = Now {
            mono: at(self.ms),
            local: &self.local + SignedDuration::from_millis(self.ms as i64),
        };
        loop {
            if let Some(event) = self.plane.poll_event() {
                match event.kind {
                    EventKind::Started => {
                        let opening = Input::Opened { caller: None };
                        self.conversation.handle_opened(opening, &now);
                    }
                    EventKind::Resumed { .. } => self.dips += 1,
                    EventKind::BargeIn { .. } => self.interruptions += 1,
                    _ => {}
                }
                if !matches!(event.kind, EventKind::Started) {
                    self.conversation.handle_event(event, &now);
                }
            } else if self.model.front().is_some_and(|(at, _)| *at <= self.ms) {
                let (_, answer) = self.model.pop_front().expect("just seen");
                self.conversation.handle_model(answer, &now);
            } else if self.tools.front().is_some_and(|(at, _)| *at <= self.ms) {
                let (_, id) = self.tools.pop_front().expect("just seen");
                self.conversation.handle_tool(id, Ok(Found::Ending), &now);
            } else if self
                .conversation
                .poll_timeout()
                .is_some_and(|due| due <= now.mono)
            {
                self.conversation.handle_timeout(&now);
            } else {
                return;
            }
            while let Some(effect) = self.conversation.poll_effect() {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send(command) => {
                if let Command::Say { text, .. } = &command {
                    self.said.push_str(text);
                    self.said.push(' ');
                }
                self.plane.handle_command(command);
            }
            Effect::RunTool { id, .. } => self.tools.push_back((self.ms + self.tool_takes, id)),
            Effect::Ask(_) => self.ask(),
            Effect::StopAsking => self.model.clear(),
            Effect::Thought(Thought::Used) => self.thoughts.0 += 1,
            Effect::Thought(Thought::Discarded { .. }) => self.thoughts.1 += 1,
            Effect::Publish(_) | Effect::Turn(_) | Effect::Hold(_) => {}
        }
    }

    fn ask(&mut self) {
        self.model.clear();
        match &self.script.model {
            Some(Model::Says { late, pieces }) => {
                let mut due = self.ms + late;
                for piece in pieces {
                    self.model.push_back((due, Answer::Text(piece.clone())));
                    due += 150;
                }
                let finished = Answer::Finished {
                    tool_calls: Vec::new(),
                    cut: false,
                    usage: None,
                };
                self.model.push_back((due, finished));
            }
            Some(Model::Fails { late }) => {
                let failure = Failure {
                    kind: VendorErrorKind::TimedOut,
                    what: "the scene says so".to_owned(),
                };
                self.model
                    .push_back((self.ms + late, Answer::Failed(failure)));
            }
            None => {}
        }
    }

    /// The event log so far, as it would be in its file.
    pub(super) fn written(&self) -> String {
        self.written.lock().expect("one thread").join("\n")
    }

    /// Leads the conversation again from its event log, with the same dialogue.
    pub(super) fn replayed(&self) -> Replayed {
        let log = Log::parse(&self.written()).expect("a log");
        let puppet = Puppet::new(self.script, Told::default());
        lead(&log, Box::new(puppet), |at| {
            at.to_zoned(morning().time_zone().clone())
        })
    }

    /// What did not go as the script says.
    pub(super) fn failures(&self) -> Vec<String> {
        let expected = self.script.expected.iter();
        expected
            .filter_map(|expected| self.judge(expected))
            .collect()
    }

    fn judge(&self, expected: &Expected) -> Option<String> {
        let told = self.told.lock().expect("one thread").join(" / ");
        let sounded = |from: u64, to: u64| {
            let periods = self.sounded.iter().skip(from as usize / 10);
            periods
                .take((to - from) as usize / 10)
                .any(|sounded| *sounded)
        };
        let (holds, found) = match expected {
            Expected::Heard(heard) => (is_like(&told, heard), told),
            Expected::Dips(dips) => (*dips == self.dips, self.dips.to_string()),
            Expected::Interruptions(times) => {
                (*times == self.interruptions, self.interruptions.to_string())
            }
            Expected::Thoughts(used, in_vain) => {
                let found = format!("{:?}", self.thoughts);
                ((*used, *in_vain) == self.thoughts, found)
            }
            Expected::Whole => match self.heard_whole() {
                Ok(()) => (true, String::new()),
                Err(what) => (false, what),
            },
            Expected::Silent(from, to) => (!sounded(*from, *to), "it sounds".to_owned()),
            Expected::Sounds(from, to) => (sounded(*from, *to), "it is silent".to_owned()),
            Expected::Says(text) => (self.said.contains(text), self.said.clone()),
            Expected::SaysNot(text) => (!self.said.contains(text), self.said.clone()),
            Expected::OverBy(ms) => (
                self.over.is_some_and(|over| over <= *ms),
                format!("{:?}", self.over),
            ),
            Expected::GoesOn => (self.over.is_none(), format!("{:?}", self.over)),
        };
        (!holds).then(|| format!("expected {expected:?}, found {found}"))
    }

    /// Whether the caller heard all that was said, with no more than a little repeated each time.
    fn heard_whole(&self) -> Result<(), String> {
        let all: Vec<u8> = self.synthesiser.said.values().flatten().copied().collect();
        let mut rest = &self.plane.telephone().played[..];
        let mut at = 0;
        // The last frame of an utterance is filled up with silence.
        while !rest.is_empty() {
            let pairs = rest.iter().zip(&all[at..]);
            let same = pairs.take_while(|(heard, said)| heard == said).count();
            (at, rest) = (at + same, &rest[same..]);
            if rest.first() == Some(&0xFF) && same > 0 {
                let filled = rest.iter().take_while(|byte| **byte == 0xFF).count();
                rest = &rest[filled..];
                continue;
            }
            if rest.is_empty() {
                break;
            }
            let again = &rest[..rest.len().min(64)];
            let back = (0..=1_600.min(at)).find(|back| all[at - back..].starts_with(again));
            match back {
                Some(back) if back > 0 => at -= back,
                _ => return Err(format!("after {at} samples something else is heard")),
            }
        }
        if at == all.len() {
            Ok(())
        } else {
            Err(format!("{at} of {} samples", all.len()))
        }
    }
}

/// Whether a text reads like a pattern, in which `*` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let Some(after) = text.strip_prefix(begin) else {
        return false;
    };
    (0..=after.len()).any(|at| after.get(at..).is_some_and(|after| is_like(after, rest)))
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(1_000_000 + ms)
}

fn morning() -> Zoned {
    let morning = "2026-11-23T10:00[America/Chicago]".parse();
    morning.expect("valid")
}

fn header(began: Mono) -> Header {
    Header {
        format: FORMAT,
        program: "scene".to_owned(),
        call: "CA0".to_owned(),
        began: morning().timestamp(),
        mono_ns: began.as_nanos(),
        location: "scene".to_owned(),
        locations: String::new(),
        led_by: LedBy::Rules,
        typed: false,
        masked: false,
    }
}
