//! A call's task: the only place of a session that waits.

#[cfg(test)]
mod tests;
mod tools;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use pipeline::message::{Command, EndReason, Event, EventKind};
use pipeline::vendor::VendorErrorKind;
use storage::{Location, reminder};
use tokio::sync::{RwLock, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;

use self::tools::{ToolResult, Tools};
use super::clock::SessionClock;
use super::conversation::{Conversation, Effect, Now, Thought};
use super::ending::{self, Ending};
use super::holding::Holding;
use super::journal::{Journal, Noted};
use super::log::CallRow;
use super::media::Media;
use super::record::Closing;
use super::recorded::{Minutes, Recorded};
use super::registry::{Begun, Occasion, Purpose, Request};
use super::sessions::{Sessions, SessionsConfig};
use super::shedding::Load;
use super::telling::Telling;
use crate::events::{self, Header, LedBy};
use crate::feed::{CallFeed, FeedEvent, FeedLine};
use crate::limits;
use crate::llm::{Answer, Answering, Failure};
use crate::reminders::callbacks::{self, News};
use crate::telephony::CallSid;
use crate::tools::CallContext;

/// One call, while it is live.
pub(super) struct Session {
    config: SessionsConfig,
    sid: CallSid,
    begun: Begun,
    /// That answers the call.
    location: Arc<Location>,
    media: Box<dyn Media>,
    clock: SessionClock,
    tools: Tools,
    results: mpsc::UnboundedReceiver<ToolResult>,
    holding: Holding,
    telling: Telling,
    /// What the model is asked now. Dropped, it is asked no longer.
    answering: Option<Answering>,
}

/// What is known when a call's audio has ended.
struct Over {
    ending: Ending,
    reason: &'static str,
    by_caller: bool,
}

impl Session {
    pub(super) fn new(sessions: &Sessions, begun: Begun, media: Box<dyn Media>) -> Self {
        let caller = begun.parties.person().cloned();
        let context = CallContext::new(begun.sid.as_str(), caller).returned(begun.returns);
        let context = match begun.parties.occasion {
            Occasion::Inbound => context,
            Occasion::Ours {
                purpose,
                appointment,
                ..
            } => match purpose {
                Purpose::Reminder => context.reminding(appointment),
                Purpose::FollowUp => context.following_up(appointment),
            },
        };
        let location = Arc::clone(sessions.config.locations.dialled(begun.parties.ours()));
        let (report, results) = mpsc::unbounded_channel();
        let running = TaskTracker::new();
        let holding = Holding::new(
            sessions.toolbox.at(&location),
            begun.sid.as_str(),
            running.clone(),
        );
        let telling = Telling::start(
            Arc::clone(&sessions.config.live),
            &begun.sid,
            &begun.parties,
            begun.returns,
            sessions.config.clock.now(),
            &running,
        );
        Self {
            config: sessions.config.clone(),
            sid: begun.sid.clone(),
            begun,
            media,
            clock: SessionClock::new(sessions.config.clock, Arc::clone(&location)),
            tools: Tools {
                toolbox: sessions.toolbox.at(&location),
                context: Arc::new(RwLock::new(context)),
                report,
                running,
            },
            location,
            holding,
            telling,
            results,
            answering: None,
        }
    }

    pub(super) async fn run(mut self) {
        let started_at = self.config.clock.now();
        let row = CallRow::open(
            Arc::clone(&self.config.store.call_logs),
            &self.begun,
            started_at,
        )
        .or_in(self.config.unsaved.clone());
        tracing::info!(call = %self.sid, "a call began");
        let opened = self.clock.now();
        let brain = (self.config.brain)(&self.location);
        let conversation = Conversation::new(brain, self.config.typed_speech, opened.mono);
        let minutes = self.minutes(&opened);
        let mut conversation = Recorded::new(conversation, minutes, opened.mono);
        let lead = AssertUnwindSafe(self.lead(&mut conversation));
        let over = match lead.catch_unwind().await {
            Ok(over) => over,
            Err(_) => {
                tracing::error!(call = %self.sid, "a session panicked; its caller goes to a human");
                self.config.metrics.session_panicked();
                self.hang_up().await;
                Over {
                    ending: Ending::Fault,
                    reason: "the conversation failed",
                    by_caller: false,
                }
            }
        };
        // The telephone network may be asking already.
        self.begun.ending.send_replace(Some(over.ending));
        self.telling.ended(over.ending).await;
        let duration_ms = conversation.elapsed_ms(self.clock.now().mono);
        self.finish(conversation, row, over, duration_ms).await;
    }

    /// Where the call's course is written down.
    fn minutes(&self, opened: &Now) -> Option<Minutes> {
        let events = self.config.events.as_ref()?;
        let header = Header {
            format: events::FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            call: self.sid.as_str().to_owned(),
            began: opened.local.timestamp(),
            mono_ns: opened.mono.as_nanos(),
            location: self.location.key.clone(),
            locations: events::digest(&self.config.locations),
            led_by: match self.config.model {
                Some(_) => LedBy::Model,
                None => LedBy::Rules,
            },
            typed: self.config.typed_speech,
            masked: events.masked(),
        };
        let mut pen = events.open(&self.sid, self.begun.returns);
        Some(Minutes::begin(
            Box::new(move |line| pen.write(line)),
            &header,
        ))
    }

    /// The call itself, until its audio ends.
    async fn lead(&mut self, conversation: &mut Recorded) -> Over {
        loop {
            let due = conversation.poll_timeout().map(|at| self.clock.instant(at));
            tokio::select! {
                event = self.media.next() => match event {
                    Some(Event { kind: EventKind::Ended { reason }, .. }) => {
                        return Over {
                            ending: Ending::of(reason, conversation.intended()),
                            reason: ending::in_words(reason),
                            by_caller: reason == EndReason::CallerHungUp,
                        };
                    }
                    Some(Event { kind: EventKind::Started, .. }) => {
                        conversation.handle_opened(self.begun.opening(), &self.clock.now());
                    }
                    // Told of it, the conversation would ask the model before the turn has ended.
                    Some(Event { kind: EventKind::LikelyEnd { .. }, .. }) if self.sheds() => {}
                    Some(event) => conversation.handle_event(event, &self.clock.now()),
                    None => return Over {
                        ending: Ending::Fault,
                        reason: "the call's audio was lost",
                        by_caller: false,
                    },
                },
                answer = next_answer(&mut self.answering) => {
                    conversation.handle_model(answer, &self.clock.now());
                }
                Some(result) = self.results.recv() => self.tool_done(conversation, result),
                Some(request) = self.begun.requests.recv() => match request {
                    Request::TypedWords(text) => {
                        self.carry_out(Effect::Send(Command::TypedWords(text)));
                    }
                    Request::Machine => conversation.handle_machine(&self.clock.now()),
                },
                () = sleep_until(due) => conversation.handle_timeout(&self.clock.now()),
            }
            while let Some(effect) = conversation.poll_effect() {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send(command) => {
                if let Err(refused) = self.media.send(command) {
                    // Over: the last event is on its way. Full: the silence it causes is noticed
                    // by the deadlines.
                    tracing::warn!(call = %self.sid, %refused, "a command was not taken");
                }
            }
            Effect::RunTool { id, call } => self.tools.start(id, call),
            Effect::Ask(request) => {
                let model = self.config.model.as_ref();
                let model = model.expect("invariant: a brain that asks comes with a model");
                self.answering = Some(model.ask(request));
            }
            Effect::StopAsking => self.answering = None,
            Effect::Thought(thought) => self.count(thought),
            Effect::Publish(what) => {
                match &what {
                    FeedEvent::State { state, .. } => self.telling.state(state),
                    FeedEvent::Caller { .. } => self.telling.turn(),
                    _ => {}
                }
                publish(&self.begun.feed, &self.sid, self.clock.elapsed_ms(), what);
            }
            Effect::Hold(offer) => self.holding.hold(offer),
            Effect::Turn(timings) => self.config.metrics.turn(&timings),
        }
    }

    /// Whether there is no room for a question that may be in vain; counted.
    fn sheds(&self) -> bool {
        let Some(model) = &self.config.model else {
            return false;
        };
        let load = Load {
            calls: self.config.calls.census().live,
            calls_at_most: self.config.calls_at_most,
            model: model.strain(),
        };
        let sheds = !load.has_room();
        if sheds {
            self.config.metrics.llm().speculation_shed();
        }
        sheds
    }

    fn count(&self, thought: Thought) {
        let llm = self.config.metrics.llm();
        match thought {
            Thought::Used => llm.speculation_used(),
            Thought::Discarded { prompt, answer } => llm.speculation_discarded(prompt, answer),
        }
    }

    fn tool_done(&mut self, conversation: &mut Recorded, result: ToolResult) {
        let ToolResult {
            id,
            name,
            outcome,
            took,
        } = result;
        self.config.metrics.tool(name, took);
        if let Ok(context) = self.tools.context.try_read() {
            self.telling.customer(context.customer().map(|id| id.0));
        }
        let line = FeedEvent::ToolFinished {
            tool: name.to_owned(),
            ok: outcome.is_ok(),
            took_ms: took.as_secs_f64() * 1_000.0,
        };
        let now = self.clock.now();
        if let Some(minutes) = &mut conversation.minutes {
            minutes.fact(&line, now.mono);
        }
        self.carry_out(Effect::Publish(line));
        conversation.handle_tool(id, outcome, &now);
    }

    /// Ends the audio, and gives it a moment to say so to its peer.
    async fn hang_up(&mut self) {
        let at_once = Command::HangUp {
            after_playout: false,
        };
        if self.media.send(at_once).is_ok() {
            let drained = async { while self.media.next().await.is_some() {} };
            drop(timeout(limits::HANG_UP_DEADLINE, drained).await);
        }
    }

    /// Closes the log, then the feed.
    async fn finish(self, mut conversation: Recorded, row: CallRow, over: Over, duration_ms: u64) {
        if let Some(thought) = conversation.thought_at_the_end() {
            self.count(thought);
        }
        let minutes = conversation.minutes.take();
        let now = self.clock.now().mono;
        drop(self.media);
        drop((self.holding, self.telling));
        // What has begun to change something is finished, and told in the log.
        self.tools.running.close();
        if timeout(limits::TOOL_DRAIN, self.tools.running.wait())
            .await
            .is_err()
        {
            tracing::error!(call = %self.sid, "a tool outlived its call");
        }
        let (record, turn) = conversation.into_record();
        if let Some(timings) = turn {
            self.config.metrics.turn(&timings);
        }
        let closing = Closing {
            ending: over.ending,
            reason: over.reason,
            by_caller: over.by_caller,
            ended_at: self.config.clock.now(),
            duration_ms,
        };
        let context = self.tools.context.read().await;
        let came_of_it = context.reminder_outcome().or_else(|| record.reached());
        let summary = record.close(&context, closing);
        drop(context);
        if let Some(outcome) = came_of_it {
            let human = summary.required_human_transfer;
            note_outcome(&self.config.journal, &self.begun, outcome, human);
        }
        let outcome = summary.outcome;
        row.close(summary).await;
        self.config.metrics.call_ended(outcome);
        tracing::info!(call = %self.sid, ?outcome, reason = over.reason, "a call ended");
        let ended = FeedEvent::Ended {
            outcome,
            reason: over.reason.to_owned(),
            duration_ms,
        };
        if let Some(mut minutes) = minutes {
            minutes.fact(&ended, now);
        }
        publish(&self.begun.feed, &self.sid, duration_ms, ended);
        self.config
            .calls
            .end(&self.sid, over.ending, Instant::now());
        if over.ending == Ending::HungUp && !over.by_caller {
            watch_hang_up(&self.config, self.sid);
        }
    }
}

/// Keeps what came of an attempt to reach somebody. Where nothing did, the network's word stands: that
/// the call is over.
fn note_outcome(
    journal: &Journal,
    call: &Begun,
    outcome: reminder::Outcome,
    asked_for_human: bool,
) {
    if let Occasion::Ours {
        attempt: Some(attempt),
        ..
    } = &call.parties.occasion
    {
        journal.note(Noted::Attempt(News {
            attempt: attempt.clone(),
            sid: call.sid.as_str().to_owned(),
            ended: Some(callbacks::spoken(outcome, asked_for_human)),
        }));
    }
}

/// We have ended a call, and the network should be asking what to do with the caller. Where it does
/// not, its line is still open: the network is told to close it. Never after a transfer: that would
/// hang up on the human.
fn watch_hang_up(config: &SessionsConfig, sid: CallSid) {
    let Some(carrier) = config.carrier.clone() else {
        return;
    };
    let (calls, live) = (Arc::clone(&config.calls), Arc::clone(&config.live));
    tokio::spawn(async move {
        tokio::time::sleep(limits::HANG_UP_WATCH).await;
        // The network may have asked another node.
        if !calls.is_unasked(&sid) || live.get(&sid).await.is_some_and(|known| known.asked) {
            return;
        }
        match carrier.hang_up(&sid).await {
            Ok(()) => tracing::warn!(call = %sid, "the network had to be told that a call is over"),
            Err(error) => tracing::error!(call = %sid, %error, "a line may still be open"),
        }
    });
}

fn publish(feed: &CallFeed, sid: &CallSid, t_ms: u64, what: FeedEvent) {
    feed.publish(FeedLine {
        call_sid: sid.as_str().to_owned(),
        t_ms,
        what,
    });
}

/// The next piece of an answer, of which the last one ends it.
async fn next_answer(answering: &mut Option<Answering>) -> Answer {
    let Some(asked) = answering else {
        return std::future::pending().await;
    };
    let answer = asked.next().await.unwrap_or_else(|| {
        Answer::Failed(Failure {
            kind: VendorErrorKind::Dropped,
            what: "the answer broke off".to_owned(),
        })
    });
    if !matches!(answer, Answer::Text(_)) {
        *answering = None;
    }
    answer
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
