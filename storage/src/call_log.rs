//! Call logs: what was said and done in every call, however it ended.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::appointment::AppointmentId;
use crate::customer::CustomerId;
use crate::error::StorageError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The row of a call that is still going on, or whose process was killed.
    InProgress,
    Booked,
    Rescheduled,
    Cancelled,
    /// A question was answered.
    Answered,
    /// Handed to a human.
    Transferred,
    /// The caller hung up before anything was settled.
    Abandoned,
    /// We ended it: silence, a fault, a lost socket, a stopping process.
    Failed,
}

/// One line of the transcript, as it was said and heard. Personal data is masked by the writer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// Milliseconds since the call began.
    pub at_ms: u64,
    pub speaker: Speaker,
    /// What the caller said, or as much of the agent's words as the caller heard.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    Caller,
    Agent,
}

/// Latencies of one turn, in milliseconds after the caller's speech ended. A stage that did not
/// happen is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TurnTimings {
    /// Milliseconds since the call began at which the caller's speech ended.
    pub speech_end_at_ms: u64,
    /// The endpointer decided that the caller was done.
    pub endpoint_ms: Option<f64>,
    /// The recogniser's final words.
    pub transcript_ms: Option<f64>,
    /// The language model's first word, where one was asked.
    #[serde(default)]
    pub first_token_ms: Option<f64>,
    /// The dialogue's first clause was ready.
    pub first_clause_ms: Option<f64>,
    /// The synthesiser's first audio.
    pub first_audio_ms: Option<f64>,
    /// The first frame left for the caller.
    pub first_frame_ms: Option<f64>,
    /// The caller's side confirmed hearing it.
    pub first_heard_ms: Option<f64>,
    /// How much of the way to the first clause was spent waiting for the model, all told. A length,
    /// not a point in time.
    #[serde(default)]
    pub model_ms: Option<f64>,
}

/// The call as it starts.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NewCallLog {
    /// Twilio's call SID; unique.
    pub call_sid: String,
    pub direction: Direction,
    pub from_number: Option<String>,
    pub to_number: Option<String>,
    pub started_at: Timestamp,
}

/// The call as it ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CallSummary {
    pub ended_at: Timestamp,
    pub duration_ms: u64,
    /// Anything but [`Outcome::InProgress`].
    pub outcome: Outcome,
    /// Why the media stream ended, in words.
    pub end_reason: String,
    pub customer: Option<CustomerId>,
    pub appointment: Option<AppointmentId>,
    pub required_human_transfer: bool,
    pub transcript: Vec<Line>,
    pub turns: Vec<TurnTimings>,
    pub tools_used: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CallLog {
    pub id: i64,
    pub call: NewCallLog,
    /// Absent while the call goes on.
    pub summary: Option<CallSummary>,
    /// Absent where the network never said anything.
    pub network: Option<NetworkStatus>,
}

/// How far the telephone network has got with a call. The names are Twilio's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    Queued,
    Initiated,
    Ringing,
    InProgress,
    Completed,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
}

impl CallStatus {
    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_final(self) -> bool {
        self.place() == Self::Completed.place()
    }

    /// Its place among the statuses of one call, for a message that carries no number.
    #[must_use]
    pub fn place(self) -> u32 {
        match self {
            Self::Queued | Self::Initiated => 0,
            Self::Ringing => 1,
            Self::InProgress => 2,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => 3,
        }
    }
}

/// What the telephone network says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkStatus {
    pub status: CallStatus,
    /// Seconds from answer to end, where it has ended.
    pub duration_s: Option<u32>,
    /// Rises from message to message of a call, whatever order they arrive in.
    pub sequence: u32,
}

impl NetworkStatus {
    /// Whether this is news after `kept`. Messages repeat and overtake each other, and nothing
    /// comes after an end.
    #[must_use]
    pub fn supersedes(&self, kept: &Self) -> bool {
        match (self.status.is_final(), kept.status.is_final()) {
            (true, false) => true,
            (false, true) => false,
            _ => self.sequence > kept.sequence,
        }
    }
}

/// Something the network told of a call, or of a text message.
#[derive(Clone, Debug, PartialEq)]
pub struct CallEvent {
    /// The call's SID, or the message's.
    pub call_sid: String,
    /// Such as `amd` or `recording`.
    pub kind: String,
    pub at: Timestamp,
    /// An object. Personal data is masked by the writer.
    pub detail: serde_json::Value,
}

#[async_trait]
pub trait CallLogs: Send + Sync {
    /// Opens the row; the same SID twice is the same row.
    async fn open(&self, call: &NewCallLog) -> Result<(), StorageError>;
    /// Completes the row. A row that was never opened is created, so that no call is lost; one that
    /// was closed before takes the newer summary.
    async fn close(&self, call: &NewCallLog, summary: &CallSummary) -> Result<(), StorageError>;
    async fn by_sid(&self, call_sid: &str) -> Result<Option<CallLog>, StorageError>;
    /// Newest first.
    async fn recent(&self, limit: u32) -> Result<Vec<CallLog>, StorageError>;
    /// Keeps what the network says of a call, unless it is older than what is kept. Where there is
    /// no row, nobody ever spoke: the end of such a call creates the row, closed by `unspoken`;
    /// earlier messages about it are dropped. The row of a call that goes on stays open.
    async fn network(
        &self,
        call: &NewCallLog,
        status: &NetworkStatus,
        unspoken: &CallSummary,
    ) -> Result<(), StorageError>;
    /// Keeps an event; the same again is the same.
    async fn note(&self, event: &CallEvent) -> Result<(), StorageError>;
    /// What was noted of a call, oldest first.
    async fn events(&self, call_sid: &str) -> Result<Vec<CallEvent>, StorageError>;
}

/// The numbers are masked but for their last two digits.
impl std::fmt::Debug for NewCallLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCallLog")
            .field("call_sid", &self.call_sid)
            .field("direction", &self.direction)
            .field("from_number", &self.from_number.as_deref().map(masked))
            .field("to_number", &self.to_number.as_deref().map(masked))
            .field("started_at", &self.started_at)
            .finish()
    }
}

/// A claimed number is any text; this keeps its last two characters.
fn masked(number: &str) -> String {
    let end = number
        .char_indices()
        .rev()
        .nth(1)
        .map_or("", |(at, _)| &number[at..]);
    format!("********{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_newer_is_news_and_nothing_comes_after_an_end() {
        let status = |status, sequence| NetworkStatus {
            status,
            duration_s: None,
            sequence,
        };
        let ringing = status(CallStatus::Ringing, 1);
        let answered = status(CallStatus::InProgress, 2);
        let over = status(CallStatus::Completed, 3);
        assert!(answered.supersedes(&ringing) && over.supersedes(&answered));
        assert!(!ringing.supersedes(&answered) && !answered.supersedes(&over));
        assert!(!over.supersedes(&over), "a repetition");
        // Numbers may be missing or wrong; an end is an end.
        assert!(status(CallStatus::Completed, 0).supersedes(&answered));
        assert!(!status(CallStatus::InProgress, 9).supersedes(&over));
    }

    #[test]
    fn debug_masks_the_numbers_of_a_call() {
        let call = |from: &str| NewCallLog {
            call_sid: "CA1".into(),
            direction: Direction::Inbound,
            from_number: Some(from.into()),
            to_number: Some("+12175550100".into()),
            started_at: Timestamp::UNIX_EPOCH,
        };
        let shown = format!("{:?}", call("+12175550142"));
        assert!(
            shown.contains("********42") && shown.contains("CA1"),
            "{shown}"
        );
        assert!(!shown.contains("555"), "{shown}");
        // A claimed number is whatever a peer sends.
        for odd in ["", "7", "é", "日本", "sip:grace@example.com"] {
            let shown = format!("{:?}", call(odd));
            assert!(!shown.contains("grace"), "{shown}");
        }
    }
}
