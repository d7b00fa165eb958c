use serde_json::{Value, json};

use super::*;

fn config() -> OpenAiConfig {
    let mut config = OpenAiConfig::new("https://api.openai.com/v1/", "sk".into(), "gpt-4o");
    config.temperature = Some(0.5);
    config.service_tier = Some("priority".to_owned());
    config.reasoning_effort = Some("minimal".to_owned());
    config
}

fn write_to(model: &str, dialect: Dialect, refused: &Refused, messages: Vec<Message>) -> Value {
    let tools: Arc<[ToolSpec]> = Arc::from([ToolSpec {
        name: "decode_vin",
        description: "Reads a \"VIN\"".to_owned(),
        parameters: json!({"type": "object"}),
    }]);
    let request = Request { messages, tools };
    let tools = ToolSets::default().json(&request.tools);
    let body = write(&config(), dialect, refused, model, &request, &tools);
    serde_json::from_slice(&body).expect("JSON")
}

fn native(model: &str, messages: Vec<Message>) -> Value {
    write_to(model, Dialect::Native, &Refused::default(), messages)
}

fn call(id: &str) -> ToolRequest {
    ToolRequest {
        id: id.to_owned(),
        name: "decode_vin".to_owned(),
        arguments: "{\"vin\":\"1\"}".to_owned(),
    }
}

fn result(id: &str) -> Message {
    Message::Tool {
        id: id.to_owned(),
        content: "ok".to_owned(),
    }
}

fn asking(calls: &[&str]) -> Message {
    Message::Assistant {
        text: String::new(),
        tool_calls: calls.iter().map(|id| call(id)).collect(),
    }
}

#[test]
fn the_vendor_itself_is_asked_with_everything_it_knows() {
    let body = native("gpt-4o", vec![Message::User("Hi".to_owned())]);
    let key = body["prompt_cache_key"].clone();
    let expected = json!({
        "model": "gpt-4o",
        "stream": true,
        "stream_options": {"include_usage": true, "include_obfuscation": false},
        "temperature": 0.5,
        "max_completion_tokens": 400,
        "parallel_tool_calls": false,
        "service_tier": "priority",
        "prompt_cache_key": key,
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {
            "name": "decode_vin", "description": "Reads a \"VIN\"",
            "parameters": {"type": "object"}, "strict": true,
        }}],
    });
    assert_eq!(body, expected);
    assert!(key.as_str().is_some_and(|key| key.starts_with("otto-")));
}

#[test]
fn a_compatible_server_is_asked_with_what_every_server_knows() {
    let body = write_to(
        "llama3",
        Dialect::Compatible,
        &Refused::default(),
        Vec::new(),
    );
    assert_eq!(body["max_tokens"], 400);
    for member in [
        "max_completion_tokens",
        "parallel_tool_calls",
        "prompt_cache_key",
    ] {
        assert!(body.get(member).is_none(), "{member}");
    }
    let dialect = |url: &str| Dialect::of(&url.parse().expect("a URL"));
    assert_eq!(dialect("https://api.openai.com/v1/x"), Dialect::Native);
    assert_eq!(dialect("https://eu.api.openai.com/v1/x"), Dialect::Native);
    assert_eq!(dialect("https://fooopenai.com/v1/x"), Dialect::Compatible);
    assert_eq!(dialect("http://127.0.0.1:11434/v1/x"), Dialect::Compatible);
}

#[test]
fn a_model_that_reasons_is_not_told_a_temperature() {
    for model in ["o3-mini", "gpt-5", "gpt-5-nano", "openai/o4-mini"] {
        let body = native(model, Vec::new());
        assert!(body.get("temperature").is_none(), "{model}");
        assert_eq!(body["reasoning_effort"], "minimal", "{model}");
    }
    for model in ["gpt-4o", "gpt-5-chat-latest", "omni"] {
        let body = native(model, Vec::new());
        assert_eq!(body["temperature"], 0.5, "{model}");
        assert!(body.get("reasoning_effort").is_none(), "{model}");
    }
}

#[test]
fn without_tools_nothing_is_said_of_them() {
    let request = Request {
        messages: Vec::new(),
        tools: Arc::from([]),
    };
    let none = Refused::default();
    let body = write(&config(), Dialect::Native, &none, "gpt-4o", &request, "");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert!(body.get("tools").is_none() && body.get("parallel_tool_calls").is_none());
}

#[test]
fn what_a_server_refused_is_not_sent_again() {
    let refused = Refused::default();
    for param in [
        "temperature",
        "service_tier",
        "stream_options.include_usage",
        "max_tokens",
    ] {
        let member = Member::of_param(param).expect(param);
        assert!(refused.note(member), "{param}");
        assert!(!refused.note(member), "{param} is no news");
    }
    let body = write_to("m", Dialect::Compatible, &refused, Vec::new());
    for member in [
        "temperature",
        "service_tier",
        "stream_options",
        "max_tokens",
    ] {
        assert!(body.get(member).is_none(), "{member}");
    }
    assert_eq!(body["max_completion_tokens"], 400);
    assert_eq!(Member::of_param("messages[0].content"), None);
}

#[test]
fn every_call_is_followed_by_exactly_its_results() {
    let messages = native(
        "gpt-4o",
        vec![
            Message::System("s".to_owned()),
            result("nobody"),
            asking(&["a", "b"]),
            result("b"),
            result("a"),
            result("stray"),
            Message::Assistant {
                text: String::new(),
                tool_calls: Vec::new(),
            },
            asking(&["lost"]),
            Message::User("u".to_owned()),
            result("lost"),
        ],
    )["messages"]
        .clone();
    let messages = messages.as_array().expect("a list");
    let shape: Vec<String> = messages
        .iter()
        .map(|m| {
            let id = m.get("tool_call_id").and_then(Value::as_str).unwrap_or("");
            format!("{}{id}", m["role"].as_str().expect("a role"))
        })
        .collect();
    let expected = [
        "system",
        "assistant",
        "toola",
        "toolb",
        "assistant",
        "toollost",
        "user",
    ];
    assert_eq!(shape, expected);
    assert_eq!(messages[1]["content"], Value::Null);
    let function = json!({"name": "decode_vin", "arguments": "{\"vin\":\"1\"}"});
    let written = json!({"id": "a", "type": "function", "function": function});
    assert_eq!(messages[1]["tool_calls"][0], written);
    assert_eq!(messages[5]["content"], NO_RESULT);
}

#[test]
fn a_call_that_no_server_would_take_back_is_mended() {
    let mut odd = call("a");
    odd.name = "book appointment!".to_owned();
    odd.arguments = "{\"cut".to_owned();
    let message = Message::Assistant {
        text: "One moment.".to_owned(),
        tool_calls: vec![odd],
    };
    let body = native("gpt-4o", vec![message]);
    let message = &body["messages"][0];
    assert_eq!(message["content"], "One moment.");
    let function = json!({"name": "book_appointment_", "arguments": "{}"});
    assert_eq!(message["tool_calls"][0]["function"], function);
    assert_eq!(lawful_name(""), "_");
    assert_eq!(lawful_name(&"é".repeat(100)), "_".repeat(64));
}

#[test]
fn the_instructions_alone_choose_the_cache() {
    let key = |system: &str, user: &str| {
        cache_key(&[
            Message::System(system.to_owned()),
            Message::User(user.to_owned()),
        ])
    };
    assert_eq!(key("a", "b"), key("a", "c"));
    assert_ne!(key("a", "b"), key("b", "b"));
}

#[test]
fn a_set_of_tools_is_written_once_and_few_are_kept() {
    let set = || -> Arc<[ToolSpec]> {
        Arc::from([ToolSpec {
            name: "x",
            description: String::new(),
            parameters: json!({}),
        }])
    };
    let (sets, one) = (ToolSets::default(), set());
    assert!(Arc::ptr_eq(&sets.json(&one), &sets.json(&one)));
    for _ in 0..3 * LLM_TOOL_SETS {
        sets.json(&set());
    }
    assert_eq!(sets.0.lock().expect("no panic").len(), LLM_TOOL_SETS);
}
