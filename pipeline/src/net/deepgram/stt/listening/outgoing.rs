//! What goes to the vendor: audio as it comes, the wish for final words behind the audio that it is
//! about, and enough silence or keep-alives that the connection stays.

use std::time::Duration;

use bytes::Bytes;
use dsp::{Samples, mulaw};

use super::{Connection, Link, Listening, Turn, Voice};
use crate::limits::{STT_CHUNK, STT_FLUX_CHUNK, STT_FLUX_QUIET, STT_KEEP_ALIVE};
use crate::time::Mono;
use crate::wire::deepgram_stt::{KEEP_ALIVE, Protocol, finalize};

/// What is to be sent.
#[derive(Debug, PartialEq)]
pub(in super::super) enum Outgoing {
    Audio(Bytes),
    Text(&'static str),
}

impl Listening {
    /// What is to be sent next. Taken is sent.
    pub(in super::super) fn poll_outgoing(&mut self, now: Mono) -> Option<Outgoing> {
        let flush = !matches!(
            self.turn,
            Turn::On {
                voice: Voice::Speaking { .. },
                ..
            } | Turn::Quiet
        );
        let speech = self.turn != Turn::Quiet;
        let Link::Up(connection) = &mut self.link else {
            return None;
        };
        // What was dropped meanwhile cannot be sent any more.
        connection.sent = connection.sent.max(self.replay.from());
        let ready = self.replay.until().saturating_sub(connection.sent);
        let (largest, least) = match connection.protocol {
            Protocol::Listen => (STT_CHUNK, Samples(1)),
            Protocol::Flux if flush => (STT_FLUX_CHUNK, Samples(1)),
            Protocol::Flux => (STT_FLUX_CHUNK, STT_FLUX_CHUNK),
        };
        if connection
            .finalize_after
            .is_some_and(|after| connection.sent >= after)
        {
            connection.finalize_after = None;
            return Some(Outgoing::Text(finalize(connection.protocol)));
        }
        if ready >= least && ready > Samples::ZERO {
            let from = connection.sent;
            let audio = self.replay.copy(from, from + ready.min(largest));
            let length = Samples(audio.len() as u64);
            connection.timeline.handle_audio(from, length);
            connection.sent = from + length;
            connection.sent_at = now;
            if speech {
                connection.waits_since.get_or_insert(now);
            }
            return Some(Outgoing::Audio(audio));
        }
        if connection.silence > Samples::ZERO {
            let length = connection.silence.min(largest);
            connection.silence = connection.silence - length;
            connection.timeline.handle_silence(length);
            connection.sent_at = now;
            let silence = vec![mulaw::SILENCE; usize::try_from(length.0).unwrap_or_default()];
            return Some(Outgoing::Audio(silence.into()));
        }
        if now < connection.sent_at.plus(connection.patience()) {
            return None;
        }
        connection.sent_at = now;
        match connection.protocol {
            // A connection that never had audio is not saved by words.
            Protocol::Listen if connection.timeline.is_fresh() => {
                connection.silence = STT_FLUX_CHUNK;
                self.poll_outgoing(now)
            }
            Protocol::Listen => Some(Outgoing::Text(KEEP_ALIVE)),
            // It has no keep-alive, and a turn of it would dangle.
            Protocol::Flux => {
                let quiet = u64::try_from(STT_FLUX_QUIET.as_millis()).unwrap_or_default();
                connection.silence = Samples::from_ms(quiet);
                self.poll_outgoing(now)
            }
        }
    }
}

impl Connection {
    /// How long it may go without anything of ours.
    pub(super) fn patience(&self) -> Duration {
        match self.protocol {
            Protocol::Listen => STT_KEEP_ALIVE,
            Protocol::Flux => STT_FLUX_QUIET,
        }
    }
}
