//! The body of a request.
//!
//! What does not change from turn to turn stays the same byte for byte, and a set of tools is
//! written only once. A conversation that a server would refuse is mended on the way: a call whose
//! result is missing gets one, since an answer may be interrupted between the two.

use std::borrow::Cow;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use serde::de::IgnoredAny;
use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::OpenAiConfig;
use crate::limits::LLM_TOOL_SETS;
use crate::llm::{Message, Request, ToolRequest, ToolSpec};

/// Which members a server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// All of them.
    Native,
    /// Those that every server which calls itself compatible knows.
    Compatible,
}

impl Dialect {
    pub(super) fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let native = host == "openai.com"
            || host.ends_with(".openai.com")
            || host.ends_with(".openai.azure.com");
        if native {
            Self::Native
        } else {
            Self::Compatible
        }
    }
}

/// A member of a request that a server may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Temperature,
    MaxTokens,
    MaxCompletionTokens,
    ParallelToolCalls,
    PromptCacheKey,
    ServiceTier,
    ReasoningEffort,
    StreamOptions,
}

impl Member {
    /// By the `param` of a complaint.
    pub(super) fn of_param(param: &str) -> Option<Self> {
        Some(match param.split('.').next()? {
            "temperature" => Self::Temperature,
            "max_tokens" => Self::MaxTokens,
            "max_completion_tokens" => Self::MaxCompletionTokens,
            "parallel_tool_calls" => Self::ParallelToolCalls,
            "prompt_cache_key" => Self::PromptCacheKey,
            "service_tier" => Self::ServiceTier,
            "reasoning_effort" => Self::ReasoningEffort,
            "stream_options" => Self::StreamOptions,
            _ => return None,
        })
    }
}

/// Members that the server refused, and is not sent again.
#[derive(Debug, Default)]
pub(super) struct Refused(AtomicU16);

impl Refused {
    /// True where that is news.
    pub(super) fn note(&self, member: Member) -> bool {
        let bit = 1 << member as u16;
        self.0.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    fn has(&self, member: Member) -> bool {
        self.0.load(Ordering::Relaxed) & (1 << member as u16) != 0
    }
}

/// Writes the request to `model`. `tools` is their JSON; empty where there are none.
pub(super) fn write(
    config: &OpenAiConfig,
    dialect: Dialect,
    refused: &Refused,
    model: &str,
    request: &Request,
    tools: &str,
) -> Vec<u8> {
    let native = dialect == Dialect::Native;
    let takes = |member| !refused.has(member);
    let reasons = is_reasoning(model);
    let completion = if native {
        takes(Member::MaxCompletionTokens)
    } else {
        refused.has(Member::MaxTokens)
    };
    let head = Head {
        model,
        stream: true,
        stream_options: takes(Member::StreamOptions).then_some(StreamOptions {
            include_usage: true,
            include_obfuscation: native.then_some(false),
        }),
        temperature: config
            .temperature
            .filter(|_| !reasons && takes(Member::Temperature)),
        reasoning_effort: config
            .reasoning_effort
            .as_deref()
            .filter(|_| reasons && takes(Member::ReasoningEffort)),
        max_completion_tokens: completion.then_some(config.max_tokens),
        max_tokens: (!completion).then_some(config.max_tokens),
        // Strict schemas hold only where one tool is asked for at a time.
        parallel_tool_calls: (native && !tools.is_empty() && takes(Member::ParallelToolCalls))
            .then_some(false),
        service_tier: config
            .service_tier
            .as_deref()
            .filter(|_| takes(Member::ServiceTier)),
        prompt_cache_key: (native && takes(Member::PromptCacheKey))
            .then(|| cache_key(&request.messages)),
        messages: Messages(&request.messages),
    };
    let mut body = Vec::with_capacity(tools.len() + size_of_text(&request.messages));
    serde_json::to_writer(&mut body, &head).expect("invariant: strings and numbers can be written");
    if !tools.is_empty() {
        body.pop();
        body.extend_from_slice(b",\"tools\":");
        body.extend_from_slice(tools.as_bytes());
        body.push(b'}');
    }
    body
}

/// Models that think before they answer take no sampling members.
fn is_reasoning(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    ["o1", "o3", "o4", "gpt-5"].iter().any(|family| {
        let rest = name.strip_prefix(family);
        rest.is_some_and(|rest| !rest.starts_with("-chat"))
    })
}

/// The same for every request with the same instructions, so that they meet on one machine's cache.
fn cache_key(messages: &[Message]) -> String {
    let mut hasher = DefaultHasher::new();
    if let Some(Message::System(text)) = messages.first() {
        text.hash(&mut hasher);
    }
    format!("otto-{:016x}", hasher.finish())
}

fn size_of_text(messages: &[Message]) -> usize {
    let sizes = messages.iter().map(|message| match message {
        Message::System(text) | Message::User(text) => text.len(),
        Message::Assistant { text, .. } => text.len() + 128,
        Message::Tool { content, .. } => content.len() + 64,
    });
    // Quotes, line ends and names.
    sizes.map(|size| size + size / 16 + 64).sum::<usize>() + 512
}

#[derive(serde::Serialize)]
struct Head<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<String>,
    messages: Messages<'a>,
}

#[derive(serde::Serialize)]
struct StreamOptions {
    include_usage: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_obfuscation: Option<bool>,
}

/// A conversation in which every call has exactly one result.
struct Messages<'a>(&'a [Message]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (at, message) in self.0.iter().enumerate() {
            match message {
                Message::System(text) => list.serialize_element(&Written::of("system", text))?,
                Message::User(text) => list.serialize_element(&Written::of("user", text))?,
                Message::Assistant { text, tool_calls } if tool_calls.is_empty() => {
                    // Nothing of it was heard.
                    if !text.is_empty() {
                        list.serialize_element(&Written::of("assistant", text))?;
                    }
                }
                Message::Assistant { text, tool_calls } => {
                    let text = (!text.is_empty()).then_some(&**text);
                    list.serialize_element(&Written::asking(text, tool_calls))?;
                    let results = &self.0[at + 1..];
                    for call in tool_calls {
                        let result = result_of(&call.id, results).unwrap_or(NO_RESULT);
                        list.serialize_element(&Written::result(&call.id, result))?;
                    }
                }
                // Written behind its call; without one it would be refused.
                Message::Tool { .. } => {}
            }
        }
        list.end()
    }
}

/// Among the results that follow a message with calls.
fn result_of<'a>(id: &str, following: &'a [Message]) -> Option<&'a str> {
    following
        .iter()
        .map_while(|message| match message {
            Message::Tool { id, content } => Some((id, content)),
            _ => None,
        })
        .find_map(|(of, content)| (of == id).then_some(&**content))
}

#[derive(serde::Serialize)]
struct Written<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WrittenCall<'a>>,
}

#[derive(serde::Serialize)]
struct WrittenCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: WrittenFunction<'a>,
}

#[derive(serde::Serialize)]
struct WrittenFunction<'a> {
    name: Cow<'a, str>,
    arguments: &'a str,
}

impl<'a> Written<'a> {
    fn of(role: &'static str, text: &'a str) -> Self {
        Self {
            role,
            content: Some(text),
            tool_call_id: None,
            tool_calls: Vec::new(),
        }
    }

    fn asking(text: Option<&'a str>, calls: &'a [ToolRequest]) -> Self {
        let calls = calls.iter().map(|call| WrittenCall {
            id: &call.id,
            r#type: "function",
            function: WrittenFunction {
                name: lawful_name(&call.name),
                // Some servers read the arguments of calls that are long past.
                arguments: if serde_json::from_str::<IgnoredAny>(&call.arguments).is_ok() {
                    &call.arguments
                } else {
                    "{}"
                },
            },
        });
        Self {
            role: "assistant",
            content: text,
            tool_call_id: None,
            tool_calls: calls.collect(),
        }
    }

    fn result(id: &'a str, content: &'a str) -> Self {
        Self {
            tool_call_id: Some(id),
            ..Self::of("tool", content)
        }
    }
}

/// A model may make up a name; sent back, it must be one that a server allows.
fn lawful_name(name: &str) -> Cow<'_, str> {
    let lawful = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(lawful) {
        return Cow::Borrowed(name);
    }
    let name = name.chars().take(MAX_NAME);
    let mut name: String = name.map(|c| if lawful(c) { c } else { '_' }).collect();
    if name.is_empty() {
        name.push('_');
    }
    Cow::Owned(name)
}

/// The JSON of sets of tools that were asked for before.
#[derive(Debug, Default)]
pub(super) struct ToolSets(Mutex<Vec<ToolSet>>);

#[derive(Debug)]
struct ToolSet {
    tools: Arc<[ToolSpec]>,
    json: Arc<str>,
}

impl ToolSets {
    pub(super) fn json(&self, tools: &Arc<[ToolSpec]>) -> Arc<str> {
        if tools.is_empty() {
            return Arc::from("");
        }
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = sets.iter().find(|set| Arc::ptr_eq(&set.tools, tools)) {
            return Arc::clone(&set.json);
        }
        let json: Arc<str> = write_tools(tools).into();
        if sets.len() == LLM_TOOL_SETS {
            sets.remove(0);
        }
        sets.push(ToolSet {
            tools: Arc::clone(tools),
            json: Arc::clone(&json),
        });
        json
    }
}

fn write_tools(tools: &[ToolSpec]) -> String {
    #[derive(serde::Serialize)]
    struct Tool<'a> {
        r#type: &'static str,
        function: Function<'a>,
    }
    #[derive(serde::Serialize)]
    struct Function<'a> {
        name: &'a str,
        description: &'a str,
        parameters: &'a serde_json::Value,
        strict: bool,
    }
    let tools = tools.iter().map(|tool| Tool {
        r#type: "function",
        function: Function {
            name: tool.name,
            description: &tool.description,
            parameters: &tool.parameters,
            strict: true,
        },
    });
    serde_json::to_string(&tools.collect::<Vec<_>>())
        .expect("invariant: strings and JSON can be written")
}

const NO_RESULT: &str = r#"{"error":"interrupted: the result is not known"}"#;
const MAX_NAME: usize = 64;

#[cfg(test)]
mod tests;
