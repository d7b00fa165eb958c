//! What must hold for any text whatever: the body of the fuzz target `event_log`.

use super::Log;

/// Checks that any bytes are read or refused, and that what was read is written and read back.
///
/// # Panics
/// When that is not so.
pub fn check_any_bytes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(log) = Log::parse(&text) else {
        return;
    };
    let json = |line: Result<String, serde_json::Error>| line.expect("invariant: it was read");
    let mut again = json(serde_json::to_string(&log.header));
    for written in &log.lines {
        again.push('\n');
        again.push_str(&json(serde_json::to_string(&written.line)));
    }
    let read = Log::parse(&again).expect("invariant: what we write can be read");
    assert_eq!(read.header, log.header);
    assert_eq!(read.lines.len(), log.lines.len());
    let told = log.feed().count();
    assert!(told <= log.lines.len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = r#"{"format":1,"program":"0.1.0","call":"CA1","began":"2026-11-23T15:00:00Z","mono_ns":7,"location":"main","locations":"","led_by":"rules","typed":true,"masked":false}"#;

    const LINES: [&str; 8] = [
        r#"{"t":0,"in":{"opened":{"opened":{"caller":"+12175550101"}}}}"#,
        r#"{"t":5,"out":{"send":{"say":{"last":true,"text":"Hello.","utterance":0}}}}"#,
        r#"{"t":9,"in":{"event":{"at":8,"kind":{"speech_started":{"position":800}}}}}"#,
        r#"{"t":9,"in":{"tool":{"id":3,"outcome":{"Err":{"bad_argument":{"field":"year","remedy":"ask"}}}}}}"#,
        r#"{"t":9,"in":{"model":{"text":"Sure,"}}}"#,
        r#"{"t":10,"in":"timeout"}"#,
        r#"{"t":11,"fact":{"event":"unclear"}}"#,
        r#"{"t":12,"in_masked":{"tool":{"id":3,"ok":true}}}"#,
    ];

    #[test]
    fn every_kind_of_line_is_read() {
        let text = format!("{HEADER}\n{}", LINES.join("\n"));
        let log = Log::parse(&text).expect("a log");
        assert_eq!(log.lines.len(), LINES.len());
        check_any_bytes(text.as_bytes());
    }

    proptest! {
        #[test]
        fn any_damage_to_a_log_passes_the_check_of_the_fuzzer(
            lines in proptest::collection::vec(0..LINES.len(), 0..6),
            at in any::<proptest::sample::Index>(),
            damage in proptest::collection::vec(any::<u8>(), 0..4),
        ) {
            let picked: Vec<&str> = lines.into_iter().map(|n| LINES[n]).collect();
            let mut bytes = format!("{HEADER}\n{}", picked.join("\n")).into_bytes();
            let at = at.index(bytes.len());
            bytes.splice(at..at, damage);
            check_any_bytes(&bytes);
        }
    }
}
