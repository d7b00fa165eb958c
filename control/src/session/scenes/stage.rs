//! Plays a scene.

mod verdict;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Zoned};
use pipeline::Mono;
use pipeline::message::{Command, EventKind};
use pipeline::net::rehearsal::Rehearsal;
use pipeline::vendor::VendorErrorKind;

use super::caller::CallersLine;
use super::cues::Cues;
use super::edges::{Recogniser, Synthesiser};
use super::invariants::Invariants;
use super::leader::{Told, leader};
use super::script::{Act, Cue, LISTENS_FOR, Leader, Model, PATIENCE, Script};
use super::shop::Shop;
use crate::dialogue::{Input, ToolId};
use crate::events::{FORMAT, Header, LedBy, Log};
use crate::llm::{Answer, Failure, Request, ToolRequest};
use crate::session::conversation::{Conversation, Effect, Now, Thought};
use crate::session::recorded::{Minutes, Recorded};
use crate::session::replay::{Replayed, lead};
use crate::tools::{Answer as Found, ToolCall, ToolOutcome};

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
    /// What was asked of it last, and how often it was asked.
    asked: Option<Request>,
    questions: usize,
    tools: VecDeque<(u64, ToolId, ToolOutcome)>,
    /// When a tool that runs will be done.
    tool_takes: u64,
    tools_done: usize,
    /// Where it is not a puppet who leads.
    shop: Option<Shop>,
    keys: VecDeque<(u64, char)>,
    cues: Cues,
    /// When the caller spoke into the agent's words: from, until.
    over_agent: Vec<(u64, u64)>,
    /// When the scene is over.
    until: u64,
    /// What the telephone played, with its pauses.
    played: Vec<u8>,
    /// In which periods of 10 ms it sounded.
    sounded: Vec<bool>,
    said: String,
    dips: usize,
    interruptions: usize,
    pub(super) invariants: Invariants,
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
        let began = at(0);
        let brain = leader(script, Arc::clone(&told));
        let conversation = Conversation::new(brain, false, began);
        let written = Arc::new(Mutex::new(Vec::new()));
        let minutes = Minutes::begin(
            Box::new({
                let written = Arc::clone(&written);
                move |line| written.lock().expect("one thread").push(line)
            }),
            &header(script.leader, began),
        );
        let plane = Rehearsal::new(began, script.hears_whole_line);
        let tool = script.replies.iter().find_map(|(_, text)| {
            let tool = text.split_once("[tool ")?.1;
            tool.trim_end_matches(']').parse().ok()
        });
        let mut stage = Self {
            script,
            plane: plane.expect("doorbells"),
            conversation: Recorded::new(conversation, Some(minutes), began),
            written,
            told,
            line: CallersLine::new(script),
            recogniser: Recogniser::new(script),
            synthesiser: Synthesiser::new(script),
            model: VecDeque::new(),
            asked: None,
            questions: 0,
            tools: VecDeque::new(),
            tool_takes: tool.unwrap_or(script.tools_late),
            tools_done: 0,
            shop: (script.leader != Leader::Puppet).then(|| Shop::open(script.caller.clone())),
            keys: VecDeque::new(),
            cues: Cues::new(&script.cues),
            over_agent: Vec::new(),
            until: script.until,
            played: Vec::new(),
            sounded: Vec::new(),
            said: String::new(),
            dips: 0,
            interruptions: 0,
            invariants: Invariants::of(script),
            thoughts: (0, 0),
            over: None,
            local: morning(),
            ms: 0,
        };
        let mut acts = script.acts.clone();
        acts.sort_by_key(|(at, _)| *at);
        for (at, act) in &acts {
            stage.act(*at, act);
        }
        stage
    }

    /// The caller does this at this time.
    fn act(&mut self, at: u64, act: &Act) {
        self.line.handle(at, act);
        self.recogniser.handle_act(at, act);
        if let Act::Presses(key) = act {
            self.keys.push_back((at, *key));
        }
    }

    pub(super) fn run(&mut self) {
        while self.ms < self.until && self.over.is_none() {
            self.step();
        }
    }

    pub(super) fn elapsed(&self) -> u64 {
        self.ms
    }

    /// The agent was heard in the latest period.
    fn agent_sounds(&self) -> bool {
        self.sounded.last().copied().unwrap_or(false)
    }

    /// 10 ms pass.
    pub(super) fn step(&mut self) {
        self.ms += 10;
        let before = self.plane.telephone().played.len();
        self.plane.handle_tick();
        let new = &self.plane.telephone().played[before..];
        self.sounded.push(!new.is_empty());
        let caller_sounds = self.line.sounds_at(self.ms * 8);
        self.invariants
            .handle_period(self.ms, new, &self.synthesiser.said, caller_sounds);
        self.recogniser.handle_agent(self.ms, new);
        let silence = 80_usize.saturating_sub(new.len());
        self.played.extend_from_slice(new);
        self.played.extend(std::iter::repeat_n(0xFF, silence));
        if self.ms.is_multiple_of(20) {
            let frame = self.line.frame((self.ms - 20) * 8, &self.played);
            self.plane.handle_caller(&frame);
        }
        self.listen();
        while self.keys.front().is_some_and(|(at, _)| *at <= self.ms)
            && let Some((_, key)) = self.keys.pop_front()
        {
            self.plane.handle_key(key as u8);
        }
        self.serve_edges();
        self.serve_session();
        if self.plane.ended().is_some() {
            self.over.get_or_insert(self.ms);
        }
    }

    /// The caller does what is due by what they hear.
    fn listen(&mut self) {
        let Some((cue, act)) = self.cues.poll(self.ms, self.agent_sounds()) else {
            return;
        };
        self.act(self.ms, &act);
        let over = self.ms + act.length();
        if let Cue::Into(_) = cue {
            self.over_agent.push((self.ms, over));
        }
        if self.cues.are_over() && self.script.until == LISTENS_FOR {
            self.until = self.until.min(over + PATIENCE);
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
                self.invariants.handle_event(self.ms, &event.kind);
                match event.kind {
                    EventKind::Started => {
                        let caller = self.script.caller.clone();
                        let opening = Input::Opened { caller };
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
            } else if self.tools.front().is_some_and(|(at, ..)| *at <= self.ms) {
                let (_, id, outcome) = self.tools.pop_front().expect("just seen");
                self.tools_done += 1;
                self.conversation.handle_tool(id, outcome, &now);
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
                self.invariants.handle_command(&command);
                self.plane.handle_command(command);
            }
            Effect::RunTool { id, call } => {
                let outcome = self.outcome(call);
                let done = self.ms + self.tool_takes;
                self.tools.push_back((done, id, outcome));
            }
            Effect::Ask(request) => {
                self.asked = Some(request);
                self.ask();
            }
            Effect::StopAsking => self.model.clear(),
            Effect::Thought(Thought::Used) => self.thoughts.0 += 1,
            Effect::Thought(Thought::Discarded { .. }) => self.thoughts.1 += 1,
            Effect::Publish(_) | Effect::Turn(_) | Effect::Hold(_) => {}
        }
    }

    fn outcome(&self, call: ToolCall) -> ToolOutcome {
        match &self.shop {
            Some(shop) => shop.run(call),
            None => Ok(Found::Ending),
        }
    }

    fn ask(&mut self) {
        self.model.clear();
        let last = self.script.models.len().saturating_sub(1);
        let model = self.script.models.get(self.questions.min(last));
        self.questions += 1;
        match model {
            Some(Model::Says { late, pieces }) => {
                let mut due = self.ms + late;
                let mut tool_calls = Vec::new();
                for piece in pieces {
                    match tool_request(piece, self.questions) {
                        Some(call) => tool_calls.push(call),
                        None => {
                            self.model.push_back((due, Answer::Text(piece.clone())));
                            due += 150;
                        }
                    }
                }
                let finished = Answer::Finished {
                    tool_calls,
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
        lead(&log, leader(self.script, Told::default()), |at| {
            at.to_zoned(morning().time_zone().clone())
        })
    }
}

/// A piece of a model's answer, as the tool that it asks for.
fn tool_request(piece: &str, question: usize) -> Option<ToolRequest> {
    let call = piece.strip_prefix('[')?.strip_suffix(']')?;
    let (name, arguments) = call.split_once(' ').unwrap_or((call, "{}"));
    Some(ToolRequest {
        id: format!("call_{question}_{name}"),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(1_000_000 + ms)
}

pub(super) fn morning() -> Zoned {
    let morning = "2026-11-23T10:00[America/Chicago]".parse();
    morning.expect("valid")
}

fn header(leader: Leader, began: Mono) -> Header {
    Header {
        format: FORMAT,
        program: "scene".to_owned(),
        call: "CA0".to_owned(),
        began: morning().timestamp(),
        mono_ns: began.as_nanos(),
        location: "scene".to_owned(),
        locations: String::new(),
        led_by: match leader {
            Leader::Puppet | Leader::Rules => LedBy::Rules,
            Leader::Model => LedBy::Model,
        },
        typed: false,
        masked: false,
    }
}
