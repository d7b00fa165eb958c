//! Where a turn's time goes: the stages between the caller's last word and the agent's first.

use storage::call_log::TurnTimings;

/// One stage of a turn, in milliseconds after the caller's speech ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    pub kind: StageKind,
    pub from_ms: f64,
    pub to_ms: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// Waiting whether the caller goes on.
    Pause,
    /// Recognising the words.
    Words,
    /// Waiting for a language model's first word, tools before it included.
    Model,
    /// Deciding what to say, tools included.
    Thought,
    /// Synthesising the first sound.
    Voice,
    /// Handing the first frame to the line.
    Frame,
    /// On the line, until the caller's side confirmed hearing it.
    Line,
}

impl StageKind {
    pub const ALL: [Self; 7] = [
        Self::Pause,
        Self::Words,
        Self::Model,
        Self::Thought,
        Self::Voice,
        Self::Frame,
        Self::Line,
    ];

    /// A short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Words => "words",
            Self::Model => "model",
            Self::Thought => "thought",
            Self::Voice => "voice",
            Self::Frame => "frame",
            Self::Line => "line",
        }
    }

    /// What the time is spent on.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Pause => "waiting whether the caller goes on",
            Self::Words => "recognising the words",
            Self::Model => "waiting for a language model's first word",
            Self::Thought => "deciding what to say, tools included",
            Self::Voice => "synthesising the first sound",
            Self::Frame => "handing the first frame to the line",
            Self::Line => "on the line until the mark came back",
        }
    }
}

impl Stage {
    #[must_use]
    pub fn length_ms(&self) -> f64 {
        self.to_ms - self.from_ms
    }
}

/// The stages that happened, in order, without gaps. A stage that was not measured counts towards
/// the next one.
#[must_use]
pub fn stages(turn: &TurnTimings) -> Vec<Stage> {
    let ends = [
        (StageKind::Pause, turn.endpoint_ms),
        (StageKind::Words, turn.transcript_ms),
        (StageKind::Model, turn.first_token_ms),
        (StageKind::Thought, turn.first_clause_ms),
        (StageKind::Voice, turn.first_audio_ms),
        (StageKind::Frame, turn.first_frame_ms),
        (StageKind::Line, turn.first_heard_ms),
    ];
    let mut from_ms = 0.0;
    let mut stages = Vec::new();
    for (kind, end) in ends {
        // Clocks of two threads may disagree by a hair: no stage runs backwards.
        if let Some(end) = end.filter(|end| end.is_finite())
            && end >= from_ms
        {
            stages.push(Stage {
                kind,
                from_ms,
                to_ms: end,
            });
            from_ms = end;
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another_without_gaps() {
        let turn = TurnTimings {
            speech_end_at_ms: 5_000,
            endpoint_ms: Some(300.0),
            transcript_ms: Some(450.0),
            first_token_ms: Some(500.0),
            first_clause_ms: None,
            first_audio_ms: Some(520.0),
            first_frame_ms: Some(519.9),
            first_heard_ms: Some(640.0),
            model_ms: None,
        };
        let stages = stages(&turn);
        let short: Vec<(&str, f64, f64)> = stages
            .iter()
            .map(|s| (s.kind.name(), s.from_ms, s.to_ms))
            .collect();
        assert_eq!(
            short,
            [
                ("pause", 0.0, 300.0),
                ("words", 300.0, 450.0),
                ("model", 450.0, 500.0),
                ("voice", 500.0, 520.0),
                ("line", 520.0, 640.0),
            ]
        );
    }

    #[test]
    fn an_unmeasured_turn_has_no_stages() {
        assert!(stages(&TurnTimings::default()).is_empty());
    }
}
