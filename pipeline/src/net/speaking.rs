//! The agent's audio on its way from the synthesiser to the caller.
//!
//! Chunks of any length become frames in the ring. Where the ring is full the rest is kept and the
//! synthesiser is not read until the voice thread says there is room. Audio of a retired utterance
//! goes no further.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use dsp::frame::Framer;
use dsp::{FRAME_SAMPLES, Samples};
use ringbuf::HeapProd;
use ringbuf::traits::{Observer, Producer};

use crate::message::UtteranceId;
use crate::ring::AgentFrame;

/// One call's agent audio between the synthesiser's channel and the ring.
pub(super) struct Speaking {
    ring: HeapProd<AgentFrame>,
    framer: Framer,
    /// Where the next frame begins in the utterance that is being framed.
    framing: Option<(UtteranceId, Samples)>,
    /// What the ring had no room for. Short: while there is any, the synthesiser is not read.
    kept: VecDeque<Piece>,
    /// Utterances that were asked for and whose end is not in the ring yet.
    open: VecDeque<UtteranceId>,
    /// This utterance and all before it are never heard again.
    retired: Option<UtteranceId>,
}

enum Piece {
    Audio(UtteranceId, Bytes),
    End(UtteranceId),
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivered {
    /// The ring was empty, and has audio now: the voice thread should not wait for its tick.
    pub(super) wakes: bool,
    /// Pieces dropped because their utterance was retired.
    pub(super) retired: usize,
}

impl Speaking {
    pub(super) fn new(ring: HeapProd<AgentFrame>) -> Self {
        Self {
            ring,
            framer: Framer::default(),
            framing: None,
            kept: VecDeque::new(),
            open: VecDeque::new(),
            retired: None,
        }
    }

    /// The synthesiser is asked to speak this utterance.
    pub(super) fn handle_asked(&mut self, utterance: UtteranceId) {
        if !self.open.contains(&utterance) {
            self.open.push_back(utterance);
        }
    }

    pub(super) fn handle_audio(&mut self, utterance: UtteranceId, mulaw: Bytes) -> Delivered {
        self.kept.push_back(Piece::Audio(utterance, mulaw));
        self.deliver()
    }

    /// There will be no more audio of this utterance: it was all delivered, or it failed.
    pub(super) fn handle_end(&mut self, utterance: UtteranceId) -> Delivered {
        self.kept.push_back(Piece::End(utterance));
        self.deliver()
    }

    /// The voice thread says that there is room in the ring.
    pub(super) fn handle_room(&mut self) -> Delivered {
        self.deliver()
    }

    /// Nothing of this utterance, or of any before it, is delivered from now on.
    pub(super) fn retire(&mut self, through: UtteranceId) {
        self.retired = self.retired.max(Some(through));
        self.open.retain(|utterance| *utterance > through);
    }

    pub(super) fn is_retired(&self, utterance: UtteranceId) -> bool {
        self.retired.is_some_and(|retired| utterance <= retired)
    }

    /// Whether more may be taken from the synthesiser.
    pub(super) fn has_room(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether the ring holds the ends of all utterances that were asked for.
    pub(super) fn is_all_delivered(&self) -> bool {
        self.open.is_empty() && self.kept.is_empty()
    }

    /// Utterances that were asked for and whose end is not in the ring yet.
    pub(super) fn open(&self) -> impl Iterator<Item = UtteranceId> {
        self.open.iter().copied()
    }

    fn deliver(&mut self) -> Delivered {
        let mut delivered = Delivered::default();
        let was_empty = self.ring.is_empty();
        while let Some(piece) = self.kept.pop_front() {
            let utterance = match &piece {
                Piece::Audio(utterance, _) | Piece::End(utterance) => *utterance,
            };
            if self.is_retired(utterance) {
                delivered.retired += usize::from(matches!(piece, Piece::Audio(..)));
                continue;
            }
            if let Err(rest) = self.put(piece) {
                self.kept.push_front(rest);
                break;
            }
        }
        delivered.wakes = was_empty && !self.ring.is_empty();
        delivered
    }

    /// Puts a piece into the ring, or as much of it as there is room for; then the rest is returned.
    fn put(&mut self, piece: Piece) -> Result<(), Piece> {
        match piece {
            Piece::Audio(utterance, mut mulaw) => {
                let begin = self.begin(utterance);
                let mut begin = begin;
                while !mulaw.is_empty() {
                    if self.ring.is_full() {
                        return Err(Piece::Audio(utterance, mulaw));
                    }
                    let mut rest = &mulaw[..];
                    let frame = self.framer.next_frame(&mut rest);
                    mulaw.advance(mulaw.len() - rest.len());
                    if let Some(mulaw) = frame {
                        begin = self.push(AgentFrame {
                            utterance,
                            position: begin,
                            len: FRAME_SAMPLES as u8,
                            mulaw,
                        });
                    }
                }
                Ok(())
            }
            Piece::End(utterance) => {
                // The last frame and the marker behind it.
                if self.ring.vacant_len() < 2 {
                    return Err(Piece::End(utterance));
                }
                let mut begin = self.begin(utterance);
                let len = self.framer.pending() as u8;
                if let Some(mulaw) = self.framer.flush() {
                    begin = self.push(AgentFrame {
                        utterance,
                        position: begin,
                        len,
                        mulaw,
                    });
                }
                self.push(AgentFrame::end(utterance, begin));
                self.framing = None;
                self.open.retain(|open| *open != utterance);
                Ok(())
            }
        }
    }

    /// Where the next frame of this utterance begins. A remainder of another one is forgotten.
    fn begin(&mut self, utterance: UtteranceId) -> Samples {
        match self.framing {
            Some((framing, begin)) if framing == utterance => begin,
            _ => {
                self.framer.reset();
                self.framing = Some((utterance, Samples::ZERO));
                Samples::ZERO
            }
        }
    }

    /// Returns where the frame after this one begins.
    fn push(&mut self, frame: AgentFrame) -> Samples {
        let pushed = self.ring.try_push(frame);
        debug_assert!(
            pushed.is_ok(),
            "there was room a moment ago, and only we push"
        );
        self.framing = Some((frame.utterance, frame.until()));
        frame.until()
    }
}

#[cfg(test)]
mod tests {
    use ringbuf::HeapCons;
    use ringbuf::traits::Consumer;

    use super::*;
    use crate::limits::TTS_RING_FRAMES;
    use crate::ring::rings;

    const ONE: UtteranceId = UtteranceId(1);
    const TWO: UtteranceId = UtteranceId(2);

    fn line() -> (Speaking, HeapCons<AgentFrame>) {
        let (voice, net) = rings();
        (Speaking::new(net.agent), voice.agent)
    }

    fn frames(ring: &mut HeapCons<AgentFrame>) -> Vec<(u32, u64, u8)> {
        std::iter::from_fn(|| ring.try_pop())
            .map(|frame| (frame.utterance.0, frame.position.0, frame.len))
            .collect()
    }

    #[test]
    fn chunks_of_any_length_become_frames_and_the_last_is_padded_with_silence() {
        let (mut speaking, mut ring) = line();
        speaking.handle_asked(ONE);
        assert!(
            speaking
                .handle_audio(ONE, Bytes::from_static(&[7; 200]))
                .wakes
        );
        assert!(
            !speaking
                .handle_audio(ONE, Bytes::from_static(&[7; 150]))
                .wakes
        );
        assert!(!speaking.is_all_delivered());
        speaking.handle_end(ONE);
        assert!(speaking.is_all_delivered());
        let last = ring.iter().nth(2).expect("the padded frame");
        assert_eq!(last.mulaw[30..], [0xFF; 130]);
        assert_eq!(
            frames(&mut ring),
            [(1, 0, 160), (1, 160, 160), (1, 320, 30), (1, 350, 0)]
        );
    }

    #[test]
    fn a_full_ring_keeps_the_rest_and_nothing_is_lost_or_repeated() {
        let (mut speaking, mut ring) = line();
        let long = vec![7; 160 * (TTS_RING_FRAMES + 40) + 9];
        speaking.handle_asked(ONE);
        speaking.handle_audio(ONE, long.into());
        assert!(!speaking.has_room());
        speaking.handle_end(ONE);
        let mut heard = frames(&mut ring);
        assert_eq!(heard.len(), TTS_RING_FRAMES);
        speaking.handle_room();
        heard.extend(frames(&mut ring));
        let positions: Vec<u64> = heard.iter().map(|frame| frame.1).collect();
        let expected: Vec<u64> = (0..=TTS_RING_FRAMES as u64 + 40).map(|n| n * 160).collect();
        assert_eq!(positions[..expected.len()], expected);
        assert_eq!(
            heard.last().map(|end| (end.1, end.2)),
            Some((160 * 168 + 9, 0))
        );
        assert!(speaking.is_all_delivered());
    }

    #[test]
    fn late_audio_of_a_retired_utterance_goes_no_further() {
        let (mut speaking, mut ring) = line();
        speaking.handle_asked(ONE);
        speaking.handle_audio(ONE, Bytes::from_static(&[7; 170]));
        speaking.retire(ONE);
        let late = speaking.handle_audio(ONE, Bytes::from_static(&[7; 1_000]));
        assert_eq!(late.retired, 1);
        speaking.handle_end(ONE);
        assert!(speaking.is_all_delivered());
        // The ten bytes that waited for their frame are not heard in the next utterance.
        speaking.handle_audio(TWO, Bytes::from_static(&[8; 160]));
        assert_eq!(frames(&mut ring), [(1, 0, 160), (2, 0, 160)]);
    }
}
