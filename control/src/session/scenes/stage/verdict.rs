//! Compares what has happened in a scene with what was expected.

use super::super::script::Expected;
use super::super::shop::Shop;
use super::Stage;
use crate::llm::Message;

/// By how much the agent's next word may be later than due: it has to be synthesised.
const PAUSE_LATE: u64 = 400;

/// Shorter silences of the agent are those of a speaker.
const PAUSE: u64 = 1_000;

impl Stage<'_> {
    /// What did not go as the script says.
    pub(in crate::session::scenes) fn failures(&self) -> Vec<String> {
        let expected = self.script.expected.iter();
        let not_met = expected.filter_map(|expected| self.judge(expected));
        let broken = self.invariants.broken().map(str::to_owned);
        broken.into_iter().chain(not_met).collect()
    }

    fn judge(&self, expected: &Expected) -> Option<String> {
        let told = self.told.lock().expect("one thread").join(" / ");
        let sounded = |from: u64, to: u64| {
            let periods = self.sounded.iter().skip(from as usize / 10);
            periods
                .take(to.saturating_sub(from) as usize / 10)
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
            Expected::StopsWithin(ms) => {
                let mut over = self.over_agent.iter();
                let sounds = over.find(|(from, until)| sounded(from + ms, *until));
                let holds = sounds.is_none() && !self.over_agent.is_empty();
                (holds, format!("of {:?}: {sounds:?}", self.over_agent))
            }
            Expected::Pauses(pauses) => {
                let found = self.pauses();
                let alike =
                    |(wanted, found): (&u64, &u64)| (*wanted..wanted + PAUSE_LATE).contains(found);
                let holds = found.len() == pauses.len() && pauses.iter().zip(&found).all(alike);
                (holds, format!("{found:?}"))
            }
            Expected::Remembers(text) => (is_like(&self.remembered(), text), self.remembered()),
            Expected::RemembersNot(text) => (!self.remembered().contains(text), self.remembered()),
            Expected::Booked(times) => {
                let booked = self.shop.as_ref().map(Shop::booked);
                (booked == Some(*times), format!("{booked:?}"))
            }
            Expected::Tools(times) => (*times == self.tools_done, self.tools_done.to_string()),
            Expected::Ends(ending) => {
                let found = self.over.and(self.conversation.intended());
                (found == Some(*ending), format!("{found:?}"))
            }
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

    /// How long the agent was silent each time between what it said.
    fn pauses(&self) -> Vec<u64> {
        let spoken = self.sounded.split(|sounds| *sounds);
        // Before its first word and after its last one it is somebody else's turn.
        let gaps: Vec<u64> = spoken.map(|gap| gap.len() as u64 * 10).collect();
        let between = gaps.get(1..gaps.len().saturating_sub(1)).unwrap_or(&[]);
        between.iter().copied().filter(|gap| *gap > PAUSE).collect()
    }

    /// What the model was told last that it had said.
    fn remembered(&self) -> String {
        let messages = self.asked.iter().flat_map(|request| &request.messages);
        let said = messages.filter_map(|message| match message {
            Message::Assistant { text, .. } if !text.is_empty() => Some(text.as_str()),
            _ => None,
        });
        said.collect::<Vec<_>>().join(" / ")
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
