use std::borrow::Cow;

use VendorErrorKind::{Dropped, Failed, Garbage, RateLimited, Refused};

use super::*;
use crate::limits::MAX_TOOL_CALLS;

fn event<'a>(name: &'a str, data: &'a str) -> Result<Event<'a>, EventTooLong> {
    Ok(Event {
        name: Cow::Borrowed(name),
        data: Cow::Borrowed(data),
    })
}

/// What a whole stream of these events says and asks for.
fn read(events: &[&str]) -> Result<(String, Ended), ChunkError> {
    let mut assembler = Assembler::default();
    let mut text = String::new();
    for data in events {
        assembler.take(event("", data), &mut text)?;
    }
    Ok((text, assembler.end()?))
}

fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#)
}

fn finish(reason: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

/// The calls, as (id, name, arguments), of a stream of these `tool_calls` lists that ends well.
fn calls(pieces: &[&str]) -> Result<Vec<(String, String, String)>, ChunkError> {
    let mut events: Vec<String> = pieces
        .iter()
        .map(|piece| delta(&format!(r#"{{"tool_calls":[{piece}]}}"#)))
        .collect();
    events.push(finish("tool_calls"));
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (_, ended) = read(&events)?;
    let calls = ended.tool_calls.into_iter();
    Ok(calls
        .map(|call| (call.id, call.name, call.arguments))
        .collect())
}

fn call(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.to_owned(), name.to_owned(), arguments.to_owned())
}

const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":149,"completion_tokens":60,"total_tokens":209,"prompt_tokens_details":{"cached_tokens":128}}}"#;

#[test]
fn text_is_handed_out_piece_by_piece_and_usage_comes_last() {
    let events = [
        r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","obfuscation":"xk","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}"#,
        &delta(r#"{"content":"Good \"day\""}"#),
        &delta(r#"{"content":", caf\u00e9"}"#),
        &finish("stop"),
        USAGE,
        "[DONE]",
    ];
    let usage = Usage {
        prompt: 149,
        cached: 128,
        completion: 60,
    };
    let ended = Ended {
        tool_calls: Vec::new(),
        cut: false,
        usage: Some(usage),
    };
    assert_eq!(read(&events), Ok(("Good \"day\", café".to_owned(), ended)));
}

#[test]
fn plain_text_is_read_without_a_copy() {
    let data = delta(r#"{"content":"plain"}"#);
    let chunk: wire::Chunk<'_> = wire::read(&data).expect("a chunk");
    let delta = chunk
        .choices
        .0
        .and_then(|choice| choice.delta)
        .expect("a delta");
    assert!(matches!(
        delta.content.expect("text").0,
        Cow::Borrowed("plain")
    ));
}

#[test]
fn tools_are_told_only_once_the_answer_has_ended() {
    let whole = delta(
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"book","arguments":"{}"}}]}"#,
    );
    // The end of the stream is no end of the answer.
    let error = read(&[&whole]).expect_err("unfinished");
    assert_eq!((error.kind(), error.retryable()), (Dropped, true));
    // Cut by the length limit, they may look complete and are not.
    let (_, cut) = read(&[&whole, &finish("length")]).expect("ended");
    assert!(cut.cut && cut.tool_calls.is_empty());
    for reason in ["tool_calls", "stop", "function_call", "eos"] {
        let (_, ended) = read(&[&whole, &finish(reason)]).expect("ended");
        assert_eq!(ended.tool_calls.len(), 1, "{reason}");
        assert!(!ended.cut);
    }
    let filtered = read(&[&whole, &finish("content_filter")]).expect_err("filtered");
    assert_eq!((filtered.kind(), filtered.retryable()), (Refused, false));
}

#[test]
fn an_end_that_is_empty_or_null_is_none() {
    let text = delta(r#"{"content":"Hi"}"#);
    assert_eq!(read(&[&text, &finish("")]), Err(ChunkError::Unfinished));
    assert_eq!(read(&[&text, "[DONE]"]), Err(ChunkError::Unfinished));
}

#[test]
fn arguments_are_joined_by_index() {
    let joined = calls(&[
        r#"{"index":0,"id":"a","type":"function","function":{"name":"book","arguments":""}}"#,
        r#"{"index":1,"id":"b","type":"function","function":{"name":"cancel","arguments":"{"}}"#,
        r#"{"index":0,"function":{"arguments":"{\"d"}}"#,
        r#"{"index":1,"function":{"arguments":"}"}}"#,
        r#"{"index":0,"function":{"arguments":"\":1}"}}"#,
    ]);
    let expected = vec![call("a", "book", "{\"d\":1}"), call("b", "cancel", "{}")];
    assert_eq!(joined, Ok(expected));
}

#[test]
fn a_new_id_on_the_same_index_is_a_new_call() {
    let one = r#"{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}"#;
    let two = r#"{"index":0,"id":"b","function":{"name":"y","arguments":"{\"k\":"}}"#;
    let rest = r#"{"index":0,"function":{"arguments":"2}"}}"#;
    let expected = vec![call("a", "x", "{}"), call("b", "y", "{\"k\":2}")];
    assert_eq!(calls(&[one, two, rest]), Ok(expected));
}

#[test]
fn an_empty_name_does_not_overwrite_and_a_repeated_one_does_not_begin_anew() {
    let expected = Ok(vec![call("a", "book", "{\"k\":1}")]);
    let first = r#"{"index":0,"id":"a","function":{"name":"book","arguments":"{\"k\""}}"#;
    let empty = r#"{"index":0,"id":"","function":{"name":"","arguments":":1}"}}"#;
    assert_eq!(calls(&[first, empty]), expected);
    let again = r#"{"index":0,"id":"a","function":{"name":"book","arguments":":1}"}}"#;
    assert_eq!(calls(&[first, again]), expected);
}

#[test]
fn an_id_or_a_name_may_come_late() {
    let first = r#"{"index":0,"function":{"name":"book","arguments":"{"}}"#;
    let late = r#"{"index":0,"id":"a","function":{"arguments":"}"}}"#;
    assert_eq!(calls(&[first, late]), Ok(vec![call("a", "book", "{}")]));
    let nameless = r#"{"index":0,"id":"a","function":{"arguments":"{}"}}"#;
    assert_eq!(calls(&[nameless]), Err(ChunkError::NamelessTool));
}

#[test]
fn an_index_may_begin_at_one() {
    let first = r#"{"index":1,"id":"a","function":{"name":"book","arguments":"{"}}"#;
    let rest = r#"{"index":1,"function":{"arguments":"}"}}"#;
    assert_eq!(calls(&[first, rest]), Ok(vec![call("a", "book", "{}")]));
}

#[test]
fn an_index_may_be_missing() {
    let one = r#"{"id":"a","function":{"name":"x","arguments":"{\"k\""}}"#;
    let rest = r#"{"function":{"arguments":":1}"}}"#;
    let two = r#"{"id":"b","function":{"name":"y","arguments":"{}"}}"#;
    let expected = vec![call("a", "x", "{\"k\":1}"), call("b", "y", "{}")];
    assert_eq!(calls(&[one, rest, two]), Ok(expected));
}

#[test]
fn calls_that_each_come_complete_are_told_apart_even_with_index_zero_and_without_ids() {
    let one =
        r#"{"index":0,"id":"","type":"function","function":{"name":"x","arguments":"{\"k\":1}"}}"#;
    let two =
        r#"{"index":0,"id":"","type":"function","function":{"name":"x","arguments":"{\"k\":2}"}}"#;
    let expected = vec![
        call("call_0", "x", "{\"k\":1}"),
        call("call_1", "x", "{\"k\":2}"),
    ];
    assert_eq!(calls(&[one, two]), Ok(expected.clone()));
    // In one chunk, and without the type or the index.
    let both = r#"{"function":{"name":"x","arguments":"{\"k\":1}"}},{"function":{"name":"x","arguments":"{\"k\":2}"}}"#;
    assert_eq!(calls(&[both]), Ok(expected));
}

#[test]
fn an_empty_piece_at_the_end_changes_nothing() {
    let one = r#"{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}"#;
    let expected = Ok(vec![call("a", "x", "{}")]);
    assert_eq!(
        calls(&[one, r#"{"index":0,"function":{"arguments":""}}"#]),
        expected
    );
    assert_eq!(
        calls(&[one, r#"{"index":1,"function":{"arguments":""}}"#]),
        expected
    );
}

#[test]
fn a_call_without_arguments_has_an_empty_object_of_them() {
    let call_ = r#"{"index":0,"id":"a","function":{"name":"x","arguments":""}}"#;
    assert_eq!(calls(&[call_]), Ok(vec![call("a", "x", "{}")]));
    let null = r#"{"index":0,"id":"a","function":{"name":"x","arguments":null}}"#;
    assert_eq!(calls(&[null]), Ok(vec![call("a", "x", "{}")]));
}

#[test]
fn what_nobody_needs_is_refused() {
    let far = format!(
        r#"{{"index":{},"id":"a","function":{{"name":"x"}}}}"#,
        u64::MAX
    );
    assert_eq!(calls(&[&far]), Err(ChunkError::TooManyTools));
    let many: Vec<String> = (0..=MAX_TOOL_CALLS)
        .map(|n| format!(r#"{{"id":"{n}","function":{{"name":"x"}}}}"#))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(calls(&many), Err(ChunkError::TooManyTools));
    assert!(calls(&many[1..]).is_ok());
    let long = "a".repeat(MAX_ANSWER_BYTES);
    let long = format!(r#"{{"index":0,"id":"a","function":{{"name":"x","arguments":"{long}"}}}}"#);
    assert_eq!(calls(&[&long]), Err(ChunkError::TooManyTools));
    let words = delta(&format!(r#"{{"content":"{}"}}"#, "a".repeat(1_000)));
    assert_eq!(read(&vec![&*words; 100]), Err(ChunkError::TooLong));
}

#[test]
fn chunks_without_choices_or_without_a_delta_are_passed_over() {
    let events = [
        // A prompt's filter results come first; a chunk without a delta comes last.
        r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#,
        r#"{"choices":null}"#,
        r#"{}"#,
        &delta(r#"{"content":"Hi"}"#),
        &delta("null"),
        r#"{"choices":[{"index":0,"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"index":0,"finish_reason":null,"content_filter_offsets":{}}]}"#,
        "",
    ];
    assert_eq!(read(&events).map(|(text, _)| text), Ok("Hi".to_owned()));
}

#[test]
fn usage_may_be_repeated_or_come_with_the_choices() {
    let with_usage = |tokens: u32| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":"a"}}}}],"usage":{{"prompt_tokens":9,"completion_tokens":{tokens}}}}}"#
        )
    };
    let (_, ended) = read(&[&with_usage(1), &with_usage(2), &finish("stop")]).expect("ended");
    let usage = Usage {
        prompt: 9,
        cached: 0,
        completion: 2,
    };
    assert_eq!(ended.usage, Some(usage));
}

#[test]
fn an_error_in_the_stream_is_a_failure() {
    let error = r#"{"error":{"message":"m","type":"server_error","code":null}}"#;
    let kind = |events: &[&str]| read(events).map_err(|error| error.kind());
    assert_eq!(kind(&[&delta(r#"{"content":"Hi"}"#), error]), Err(Failed));
    let flat = r#"{"object":"error","message":"m","type":"BadRequestError","code":429}"#;
    assert_eq!(kind(&[flat]), Err(RateLimited));
    let named = Assembler::default().take(event("error", "overloaded"), &mut String::new());
    assert_eq!(named.map_err(|error| error.kind()), Err(Failed));
    assert!(read(&[r#"{"error":null,"choices":[]}"#, &finish("stop")]).is_ok());
}

#[test]
fn what_is_no_chunk_is_garbage() {
    for data in [
        "hello",
        "[1]",
        "{\"choices\":",
        "{\"choices\":[{\"delta\":7}]}",
    ] {
        assert_eq!(read(&[data]).map_err(|e| e.kind()), Err(Garbage), "{data}");
    }
    let long = Assembler::default().take(Err(EventTooLong), &mut String::new());
    assert_eq!(long.map_err(|error| error.kind()), Err(Garbage));
}

#[test]
fn a_refusal_is_spoken_and_asks_for_nothing() {
    let events = [
        delta(r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}]}"#),
        delta(r#"{"refusal":"I can't help with that."}"#),
        finish("stop"),
    ];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (text, ended) = read(&events).expect("ended");
    assert_eq!(text, "I can't help with that.");
    assert!(ended.tool_calls.is_empty());
}

#[test]
fn thoughts_are_never_spoken_and_are_no_beginning() {
    let mut assembler = Assembler::default();
    let mut text = String::new();
    let thought = delta(r#"{"content":null,"reasoning_content":"hm","reasoning":"hm"}"#);
    assert!(assembler.take(event("", &thought), &mut text).is_ok());
    assert!(text.is_empty() && !assembler.has_begun());
    let words = delta(r#"{"content":"Hi"}"#);
    assert!(assembler.take(event("", &words), &mut text).is_ok());
    assert!(assembler.has_begun() && !assembler.is_whole());
}

#[test]
fn what_follows_the_end_is_not_spoken() {
    let words = delta(r#"{"content":"Hi"}"#);
    let (text, _) = read(&[&words, &finish("stop"), &words, "[DONE]", "junk"]).expect("ended");
    assert_eq!(text, "Hi");
}
