//! By when each speaker must have been heard of.

use dsp::Samples;

use super::super::groups::Answer;
use super::{Link, Order, Speaker};
use crate::limits::{
    TTS_CLEARED, TTS_FIRST_AUDIO, TTS_FLUSHES_NEARLY_GONE, TTS_NEXT_AUDIO, TTS_OPEN,
    TTS_RUNNING_DRY,
};
use crate::time::Mono;
use crate::vendor::VendorErrorKind;

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Open,
    Cleared,
    SocketAudio,
    FetchedAudio,
    /// The caller will have nothing to hear soon, and unflushed words wait for company.
    RunningDry,
}

impl Speaker {
    /// When to be told the time.
    pub(in super::super) fn timeout(&mut self, now: Mono) -> Option<Mono> {
        self.due(now).map(|(at, _)| at)
    }

    pub(in super::super) fn handle_time(&mut self, now: Mono) {
        match self.due(now) {
            Some((at, due)) if at <= now => match due {
                Due::Open | Due::Cleared | Due::SocketAudio => {
                    self.fail(VendorErrorKind::TimedOut, now);
                }
                Due::FetchedAudio => {
                    self.orders.push_back(Order::StopFetch);
                    self.handle_fetch_failed(VendorErrorKind::TimedOut, "no audio in time", now);
                }
                Due::RunningDry => self.flush(now),
            },
            _ => {}
        }
    }

    fn due(&mut self, now: Mono) -> Option<(Mono, Due)> {
        let quiet = |heard: Samples| match heard {
            Samples::ZERO => TTS_FIRST_AUDIO,
            _ => TTS_NEXT_AUDIO,
        };
        let open = match self.link {
            Link::Opening { wanted } => wanted.map(|since| since.plus(TTS_OPEN)),
            Link::Down | Link::Up => None,
        };
        let cleared = self.clears.front().map(|sent| sent.plus(TTS_CLEARED));
        let front = self.groups.front();
        let flushed = front.filter(|group| group.answer != Answer::NotAsked);
        let audio = flushed.map(|group| self.quiet_since.plus(quiet(group.samples)));
        let fetched = self
            .fetch
            .map(|fetch| self.quiet_since.plus(quiet(fetch.samples)));
        let dry = match self.groups.len() {
            1 if flushed.is_none() && self.budget.flushes_left(now) > TTS_FLUSHES_NEARLY_GONE => {
                Some(self.script.audible_until().minus(TTS_RUNNING_DRY))
            }
            _ => None,
        };
        [
            (open, Due::Open),
            (cleared, Due::Cleared),
            (audio, Due::SocketAudio),
            (fetched, Due::FetchedAudio),
            (dry, Due::RunningDry),
        ]
        .into_iter()
        .filter_map(|(at, due)| Some((at?, due)))
        .min_by_key(|(at, _)| *at)
    }
}
