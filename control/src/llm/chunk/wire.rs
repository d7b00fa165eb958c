//! A chunk as it is written, read without copies.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::llm::Usage;

/// Reads `data` as an object; members that nobody knows are skipped, null is as good as absent.
pub(super) fn read<'a, T: Deserialize<'a>>(data: &'a str) -> Option<T> {
    // serde would also take an array for a structure, member by member.
    data.starts_with('{')
        .then(|| serde_json::from_str(data).ok())
        .flatten()
}

/// A string, borrowed unless it has escapes. (An `Option<Cow>` by itself would always be copied.)
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

#[derive(Debug, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) choices: First<Choice<'a>>,
    pub(super) usage: Option<Tokens>,
    error: Option<IgnoredAny>,
    #[serde(borrow)]
    object: Option<Text<'a>>,
}

impl Chunk<'_> {
    /// An error in a completion's place, be it wrapped or flat.
    pub(super) fn is_error(&self) -> bool {
        self.error.is_some()
            || self
                .object
                .as_ref()
                .is_some_and(|object| object.0 == "error")
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    pub(super) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    pub(super) finish_reason: Option<Text<'a>>,
}

/// What a chunk adds. `reasoning` and `reasoning_content` are no members: they are never spoken.
#[derive(Debug, Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) content: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<ToolPiece<'a>>>,
}

/// A piece of a tool call.
#[derive(Debug, Deserialize)]
pub(super) struct ToolPiece<'a> {
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Debug, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

impl ToolPiece<'_> {
    /// Empty where it is absent.
    pub(super) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// Empty where it is absent.
    pub(super) fn name(&self) -> &str {
        let name = self.function.as_ref().and_then(|f| f.name.as_ref());
        name.map_or("", |name| &name.0)
    }

    /// Empty where they are absent.
    pub(super) fn arguments(&self) -> &str {
        let arguments = self.function.as_ref().and_then(|f| f.arguments.as_ref());
        arguments.map_or("", |arguments| &arguments.0)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct PromptTokens {
    cached_tokens: Option<u64>,
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        let details = tokens.prompt_tokens_details;
        Self {
            prompt: tokens.prompt_tokens.unwrap_or(0),
            cached: details.and_then(|d| d.cached_tokens).unwrap_or(0),
            completion: tokens.completion_tokens.unwrap_or(0),
        }
    }
}

/// The first of a list, if any: we never ask for more than one choice, and a list would be an
/// allocation for each chunk.
#[derive(Debug)]
pub(super) struct First<T>(pub(super) Option<T>);

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstVisitor(PhantomData))
    }
}

struct FirstVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstVisitor<T> {
    type Value = First<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_unit<E>(self) -> Result<First<T>, E> {
        Ok(First(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<T>, A::Error> {
        let first = list.next_element()?;
        while first.is_some() && list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First(first))
    }
}
