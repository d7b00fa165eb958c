//! Who had the floor, as the agent itself saw it: when it fell silent for a sound, and whether it
//! went on; and who was to be heard, where there is no audio to tell.

use super::story::Span;
use crate::feed::FeedEvent;

/// A time for which the agent fell silent because of a sound over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dip {
    pub span: Span,
    pub end: DipEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DipEnd {
    /// The call ended meanwhile.
    Open,
    /// The sound came to nothing: the agent went on.
    Resume,
    /// The caller had the floor.
    Commit,
}

impl DipEnd {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "duck",
            Self::Resume => "duck, resume",
            Self::Commit => "duck, commit",
        }
    }
}

/// Built by the feed, line by line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Floor {
    pub(super) caller: Vec<Span>,
    pub(super) agent: Vec<Span>,
    pub(super) dips: Vec<Dip>,
}

impl Floor {
    pub(super) fn feed(&mut self, at_s: f64, event: &FeedEvent) {
        match event {
            FeedEvent::CallerSpeech { speaking: true } => begin(&mut self.caller, at_s),
            FeedEvent::CallerSpeech { speaking: false } => end(&mut self.caller, at_s),
            FeedEvent::AgentStarted { .. } => begin(&mut self.agent, at_s),
            FeedEvent::AgentFinished { .. } => end(&mut self.agent, at_s),
            FeedEvent::Ducked { .. } => {
                end(&mut self.agent, at_s);
                self.dips.push(Dip {
                    span: open(at_s),
                    end: DipEnd::Open,
                });
            }
            FeedEvent::Resumed { .. } => {
                self.decide(at_s, DipEnd::Resume);
                begin(&mut self.agent, at_s);
            }
            FeedEvent::BargeIn { .. } => {
                end(&mut self.agent, at_s);
                self.decide(at_s, DipEnd::Commit);
            }
            _ => {}
        }
    }

    /// The call ended then.
    pub(super) fn close(&mut self, at_s: f64) {
        end(&mut self.caller, at_s);
        end(&mut self.agent, at_s);
        self.decide(at_s, DipEnd::Open);
    }

    fn decide(&mut self, at_s: f64, how: DipEnd) {
        if let Some(dip) = self.dips.last_mut()
            && dip.span.to_s.is_infinite()
        {
            dip.span.to_s = at_s.max(dip.span.from_s);
            dip.end = how;
        }
    }
}

fn open(from_s: f64) -> Span {
    Span {
        from_s,
        to_s: f64::INFINITY,
    }
}

fn begin(spans: &mut Vec<Span>, at_s: f64) {
    if spans.last().is_none_or(|span| span.to_s.is_finite()) {
        spans.push(open(at_s));
    }
}

fn end(spans: &mut [Span], at_s: f64) {
    if let Some(span) = spans.last_mut()
        && span.to_s.is_infinite()
    {
        span.to_s = at_s.max(span.from_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(lines: Vec<(f64, FeedEvent)>) -> Floor {
        let mut floor = Floor::default();
        for (at_s, event) in lines {
            floor.feed(at_s, &event);
        }
        floor.close(10.0);
        floor
    }

    fn ducked() -> FeedEvent {
        FeedEvent::Ducked {
            utterance: 0,
            reaction_ms: 20.0,
        }
    }

    #[test]
    fn a_cough_dips_the_agent_and_an_interruption_ends_it() {
        let floor = floor(vec![
            (1.0, FeedEvent::AgentStarted { utterance: 0 }),
            (2.0, ducked()),
            (
                2.5,
                FeedEvent::Resumed {
                    utterance: 0,
                    silent_ms: 500.0,
                },
            ),
            (4.0, ducked()),
            (
                4.25,
                FeedEvent::BargeIn {
                    utterance: 0,
                    heard: String::new(),
                    reaction_ms: 20.0,
                },
            ),
        ]);
        let spans = |spans: &[Span]| -> Vec<(f64, f64)> {
            spans.iter().map(|s| (s.from_s, s.to_s)).collect()
        };
        assert_eq!(spans(&floor.agent), [(1.0, 2.0), (2.5, 4.0)]);
        let dips: Vec<(f64, f64, &str)> = floor
            .dips
            .iter()
            .map(|dip| (dip.span.from_s, dip.span.to_s, dip.end.name()))
            .collect();
        assert_eq!(
            dips,
            [(2.0, 2.5, "duck, resume"), (4.0, 4.25, "duck, commit")]
        );
    }

    #[test]
    fn what_is_open_ends_with_the_call() {
        let floor = floor(vec![
            (1.0, FeedEvent::CallerSpeech { speaking: true }),
            (2.0, FeedEvent::AgentStarted { utterance: 0 }),
            (3.0, ducked()),
        ]);
        assert_eq!(floor.caller[0].to_s, 10.0);
        assert_eq!(floor.dips[0].span.to_s, 10.0);
        assert_eq!(floor.dips[0].end, DipEnd::Open);
    }
}
