//! The speaking worker: text in, telephone audio out, while it is being made.

use std::ffi::CString;
use std::ops::ControlFlow;
use std::path::Path;

use bytes::Bytes;
use dsp::mulaw;
use dsp::resample::{Rate, Resampler};

use super::{Link, WorkerError};
use crate::local::Voice;
use crate::local::flite::Flite;
use crate::local::limits::{CHUNK, CLAUSE_AUDIO};
use crate::local::protocol::{Request, Response};

/// flite begins each text with up to 300 ms of silence, which a caller would hear as slowness. Speech
/// begins with the first sample as loud as this (-38 dB; flite's silence stays below -60)...
const ONSET: u16 = 400;

/// ...and so many samples before it, for the soft start of an "h" (50 ms).
const LEAD: usize = 400;

pub(super) fn serve(link: &mut Link, libraries: Option<&Path>) -> Result<(), WorkerError> {
    let mut flite = Flite::load(libraries)?;
    link.send(&Response::Loaded)?;
    // The first use of a voice unpacks its tables.
    for voice in [Voice::AGENT, Voice::CALLER] {
        flite.speak(voice, c"ready", &mut |_, _| ControlFlow::Continue(()));
    }
    link.send(&Response::Ready)?;
    loop {
        match link.next()? {
            Request::Synthesise { id, voice, text } => {
                let response = match speak(link, &mut flite, id, voice, text)? {
                    Ok(()) => Response::Spoken { id },
                    Err(reason) => Response::Refused { id, reason },
                };
                link.send(&response)?;
            }
            // It was done before it was cancelled.
            Request::Cancel { .. } => {}
            Request::Recognise { id, .. } => {
                let reason = "this worker speaks".to_owned();
                link.send(&Response::Refused { id, reason })?;
            }
            Request::Hello { .. } => return Err(WorkerError::NoHello),
        }
    }
}

/// Speaks one text. The inner error is the engine's.
fn speak(
    link: &mut Link,
    flite: &mut Flite,
    id: u32,
    voice: Voice,
    text: String,
) -> Result<Result<(), String>, WorkerError> {
    let Ok(text) = CString::new(text) else {
        return Ok(Err("the text holds a zero byte".to_owned()));
    };
    let mut line = Line::new(id);
    let mut outcome = Ok(());
    let spoke = flite.speak(voice, &text, &mut |samples, rate_hz| {
        outcome = line.push(link, samples, rate_hz);
        if outcome.is_err() || line.is_full() || link.cancelled() {
            line.cut = true;
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    outcome?;
    if !spoke && !line.cut {
        return Ok(Err("flite made no audio of it".to_owned()));
    }
    line.finish(link)?;
    Ok(Ok(()))
}

/// Turns the engine's audio into the line's, and sends it in chunks.
struct Line {
    id: u32,
    /// Made for the rate of the first samples.
    resampler: Option<Resampler>,
    pcm: Vec<i16>,
    /// Speech has begun; until then silence is passed over.
    begun: bool,
    sent: u64,
    /// Ended before the text did.
    cut: bool,
}

impl Line {
    fn new(id: u32) -> Self {
        Self {
            id,
            resampler: None,
            pcm: Vec::new(),
            begun: false,
            sent: 0,
            cut: false,
        }
    }

    fn push(&mut self, link: &mut Link, samples: &[i16], hz: u32) -> Result<(), WorkerError> {
        let rate = Rate::from_hz(hz)
            .ok_or_else(|| WorkerError::Engine(format!("a voice of {hz} Hz cannot be used")))?;
        let resampler = self
            .resampler
            .get_or_insert_with(|| Resampler::new(rate, Rate::Hz8000));
        resampler.push(samples, &mut self.pcm);
        if !self.begun {
            self.pass_over_silence();
        }
        if self.begun && self.pcm.len() as u64 >= CHUNK.0 {
            self.send(link)?;
        }
        Ok(())
    }

    fn pass_over_silence(&mut self) {
        let onset = self.pcm.iter().position(|s| s.unsigned_abs() >= ONSET);
        self.begun = onset.is_some();
        let silence = onset.unwrap_or(self.pcm.len());
        self.pcm.drain(..silence.saturating_sub(LEAD));
    }

    fn is_full(&self) -> bool {
        self.sent >= CLAUSE_AUDIO.0
    }

    fn finish(&mut self, link: &mut Link) -> Result<(), WorkerError> {
        if let (Some(resampler), false) = (&mut self.resampler, self.cut) {
            resampler.flush(&mut self.pcm);
        }
        if self.pcm.is_empty() || self.cut {
            return Ok(());
        }
        self.send(link)
    }

    fn send(&mut self, link: &mut Link) -> Result<(), WorkerError> {
        let mut codes = vec![0; self.pcm.len()];
        mulaw::encode_slice(&self.pcm, &mut codes);
        self.sent += codes.len() as u64;
        self.pcm.clear();
        link.send(&Response::Audio {
            id: self.id,
            mulaw: Bytes::from(codes),
        })?;
        Ok(())
    }
}
