//! Tool calls, put together from their pieces.

use serde::de::IgnoredAny;

use super::ChunkError;
use super::wire::ToolPiece;
use crate::limits::{MAX_ANSWER_BYTES, MAX_TOOL_CALLS, MAX_TOOL_INDEX};
use crate::llm::ToolRequest;

/// The calls of an answer, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Tools {
    drafts: Vec<Draft>,
    bytes: usize,
}

#[derive(Debug)]
struct Draft {
    index: Option<u64>,
    /// The three are empty until they come.
    id: String,
    name: String,
    arguments: String,
}

impl Tools {
    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    pub(super) fn take(&mut self, piece: &ToolPiece<'_>) -> Result<(), ChunkError> {
        let (id, name, arguments) = (piece.id(), piece.name(), piece.arguments());
        if id.is_empty() && name.is_empty() && arguments.is_empty() {
            return Ok(());
        }
        self.bytes += id.len() + name.len() + arguments.len();
        let index_is_sane = piece.index.is_none_or(|index| index <= MAX_TOOL_INDEX);
        if self.bytes > MAX_ANSWER_BYTES || !index_is_sane {
            return Err(ChunkError::TooManyTools);
        }
        let draft = match self
            .drafts
            .iter()
            .rposition(|draft| draft.goes_on_with(piece))
        {
            Some(at) => &mut self.drafts[at],
            None if self.drafts.len() < MAX_TOOL_CALLS => self.drafts.push_mut(Draft::new(piece)),
            None => return Err(ChunkError::TooManyTools),
        };
        // What is known is never overwritten: some servers send an empty name later, or both again.
        if draft.id.is_empty() {
            draft.id.push_str(id);
        }
        if draft.name.is_empty() {
            draft.name.push_str(name);
        }
        draft.arguments.push_str(arguments);
        Ok(())
    }

    /// The answer has ended: the calls are complete.
    pub(super) fn end(self) -> Result<Vec<ToolRequest>, ChunkError> {
        let mut calls: Vec<ToolRequest> = Vec::with_capacity(self.drafts.len());
        for (at, draft) in self.drafts.into_iter().enumerate() {
            if draft.name.is_empty() {
                return Err(ChunkError::NamelessTool);
            }
            // The id pairs a call with its result, so each must have one of its own.
            let taken = draft.id.is_empty() || calls.iter().any(|call| call.id == draft.id);
            let id = if taken {
                format!("call_{at}")
            } else {
                draft.id
            };
            let arguments = if draft.arguments.trim_ascii().is_empty() {
                "{}".to_owned()
            } else {
                draft.arguments
            };
            calls.push(ToolRequest {
                id,
                name: draft.name,
                arguments,
            });
        }
        Ok(calls)
    }
}

impl Draft {
    fn new(piece: &ToolPiece<'_>) -> Self {
        Self {
            index: piece.index,
            id: String::new(),
            name: String::new(),
            arguments: String::new(),
        }
    }

    /// Whether `piece` belongs to this call. Asked from the newest call to the oldest.
    fn goes_on_with(&self, piece: &ToolPiece<'_>) -> bool {
        if piece.index.is_some() && piece.index != self.index {
            return false;
        }
        if !piece.id().is_empty() && !self.id.is_empty() {
            // A new id on the same index is a new call.
            return piece.id() == self.id;
        }
        // Without an id, a name on a call that is complete begins the next one.
        piece.name().is_empty() || self.name.is_empty() || !self.is_complete()
    }

    fn is_complete(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
    }
}
