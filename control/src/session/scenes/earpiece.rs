//! Whose audio the caller hears: each stretch of it is found in what was synthesised.

use std::collections::BTreeMap;

use pipeline::message::UtteranceId;

/// All that was synthesised of each utterance.
pub(super) type Said = BTreeMap<UtteranceId, Vec<u8>>;

/// Fewer samples are told from nothing.
const TELLING: usize = 16;

/// What was heard so far.
#[derive(Default)]
pub(super) struct Earpiece {
    /// What is heard now, and up to where.
    at: Option<(UtteranceId, usize)>,
    /// How far each utterance was heard.
    heard: BTreeMap<UtteranceId, usize>,
}

impl Earpiece {
    /// How many samples of an utterance have been heard.
    pub(super) fn heard(&self, utterance: UtteranceId) -> usize {
        self.heard.get(&utterance).copied().unwrap_or(0)
    }

    /// Takes in what was played in a period. Gives the utterances that sound in it; none where it is
    /// what nobody has said.
    pub(super) fn handle(&mut self, mut played: &[u8], said: &Said) -> Option<Vec<UtteranceId>> {
        let mut sounding = Vec::new();
        while !played.is_empty() {
            let here = self.at.and_then(|(id, at)| Some((id, at, said.get(&id)?)));
            if let Some((id, at, all)) = here {
                let pairs = played.iter().zip(&all[at..]);
                let same = pairs.take_while(|(heard, said)| heard == said).count();
                // The last frame of an utterance is filled up with silence.
                let over = at + same == all.len();
                let silence = played[same..].iter().take_while(|byte| **byte == 0xFF);
                let filled = if over { silence.count() } else { 0 };
                if same + filled > 0 {
                    self.at = Some((id, at + same));
                    let heard = self.heard.entry(id).or_default();
                    *heard = (*heard).max(at + same);
                    // What comes next may begin like what would have.
                    if same >= TELLING {
                        sounding.push(id);
                    }
                    played = &played[same + filled..];
                    continue;
                }
            }
            if played.len() < TELLING {
                break;
            }
            let begin = &played[..played.len().min(4 * TELLING)];
            self.at = Some(find(begin, said)?);
        }
        Some(sounding)
    }
}

/// The latest place at which this was said.
fn find(audio: &[u8], said: &Said) -> Option<(UtteranceId, usize)> {
    said.iter().rev().find_map(|(id, all)| {
        let at = all.windows(audio.len()).position(|part| part == audio)?;
        Some((*id, at))
    })
}
