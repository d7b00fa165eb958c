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
