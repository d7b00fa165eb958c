//! A `media` message exactly as Twilio spells it, found by a scan instead of a JSON parser.
//!
//! Fifty times a second and call this is the message that comes, always with the same members in
//! the same order. What departs from that in any way is left to [`super::json`], so this needs to
//! be right only about what it accepts.

use std::borrow::Cow;

use memchr::memchr;

use super::parse::Media;

/// A number of this many digits fits `u64` whatever the digits are.
const DIGITS_MAX: usize = 19;

/// The parts of a canonical `media` message; `None` if it is anything else.
pub(super) fn scan(message: &str) -> Option<Media<'_>> {
    let rest = message.strip_prefix(r#"{"event":"media","sequenceNumber":""#)?;
    let (_, rest) = number(rest)?;
    let rest = rest.strip_prefix(r#","streamSid":""#)?;
    let (stream_sid, rest) = plain_string(rest)?;
    let rest = rest.strip_prefix(r#","media":{"track":"inbound","chunk":""#)?;
    let (_, rest) = number(rest)?;
    let rest = rest.strip_prefix(r#","timestamp":""#)?;
    let (timestamp_ms, rest) = number(rest)?;
    let rest = rest.strip_prefix(r#","payload":""#)?;
    // Escapes and control characters need no look here: base64 has neither, so the decoder fails
    // and the general parser has the last word.
    let (payload, rest) = up_to_quote(rest)?;
    if rest != "}}" {
        return None;
    }
    Some(Media {
        stream_sid: Some(Cow::Borrowed(stream_sid)),
        timestamp_ms: Some(timestamp_ms),
        payload: Cow::Borrowed(payload),
    })
}

/// Splits at the next quote, which is dropped.
fn up_to_quote(text: &str) -> Option<(&str, &str)> {
    let (head, tail) = text.split_at_checked(memchr(b'"', text.as_bytes())?)?;
    Some((head, tail.get(1..)?))
}

/// The rest of a string that says what it means: no escapes, no control characters.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let (string, rest) = up_to_quote(text)?;
    let is_plain = string.bytes().all(|byte| byte >= b' ' && byte != b'\\');
    is_plain.then_some((string, rest))
}

/// The rest of a string of digits, as a number.
fn number(text: &str) -> Option<(u64, &str)> {
    let (digits, rest) = up_to_quote(text)?;
    let is_number = (1..=DIGITS_MAX).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use base64_simd::STANDARD;
    use proptest::prelude::*;

    use super::super::json;
    use super::*;

    /// What both ways of reading say of a message that the scan accepts.
    fn both(message: &str) -> Option<[String; 2]> {
        let mut room = [0; 300];
        let media = scan(message)?;
        let len = media.decode(&mut room).ok()?;
        let scanned = format!("{:?}", media.into_inbound(&room[..len]));
        let mut room = [0; 300];
        let parsed = json::parse(message, &mut room);
        Some([
            scanned,
            parsed.map_or_else(|error| error.to_string(), |inbound| format!("{inbound:?}")),
        ])
    }

    fn media(sequence: &str, sid: &str, chunk: &str, timestamp: &str, payload: &str) -> String {
        format!(
            r#"{{"event":"media","sequenceNumber":"{sequence}","streamSid":"{sid}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}}}}"#
        )
    }

    #[test]
    fn the_spelling_of_twilio_is_recognised() {
        let payload = STANDARD.encode_to_string([0xFF; 160]);
        let message = media("3", "MZ0123", "1", "5", &payload);
        let scanned = scan(&message).expect("canonical");
        assert_eq!(scanned.stream_sid.as_deref(), Some("MZ0123"));
        assert_eq!(scanned.timestamp_ms, Some(5));
        assert_eq!(scanned.payload, payload);
    }

    #[test]
    fn other_spellings_are_left_to_the_general_parser() {
        let canonical = media("3", "MZ", "1", "5", "/38A");
        for (from, to) in [
            ("\"MZ\"", "\"M\\u005a\""),
            ("\"5\"", "5"),
            ("\"5\"", "\"+5\""),
            ("\"5\"", "\"\""),
            ("inbound", "outbound"),
            ("}}", "}} "),
            ("}}", "},\"more\":1}"),
            ("\"event\":", "\"event\" :"),
        ] {
            let other = canonical.replacen(from, to, 1);
            assert_ne!(other, canonical);
            assert!(scan(&other).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn the_scan_and_the_json_parser_read_the_same(
            sequence in "[0-9]{0,21}",
            sid in "MZ[0-9a-f]{0,32}|[ -~\u{e9}\n]{0,6}",
            chunk in "[0-9]{1,21}|[+0-9]{0,3}",
            timestamp in "[0-9]{0,21}",
            payload in "([A-Za-z0-9+/]{4}){0,90}(==|=)?|[ -~]{0,10}|[A-Za-z0-9+/]{2}==",
        ) {
            if let Some([scanned, parsed]) = both(&media(&sequence, &sid, &chunk, &timestamp, &payload)) {
                prop_assert_eq!(scanned, parsed);
            }
        }

        #[test]
        fn a_canonical_message_with_one_byte_changed_reads_the_same_both_ways(
            at in any::<prop::sample::Index>(),
            to in any::<char>(),
        ) {
            let mut chars: Vec<char> =
                media("12", "MZ0123456789", "11", "220", "//9/f38A").chars().collect();
            let at = at.index(chars.len());
            chars[at] = to;
            let message: String = chars.into_iter().collect();
            if let Some([scanned, parsed]) = both(&message) {
                prop_assert_eq!(scanned, parsed);
            }
        }

        #[test]
        fn every_well_formed_message_takes_the_fast_way(
            numbers in any::<[u32; 3]>(),
            audio in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let [sequence, chunk, timestamp] = numbers.map(|n| n.to_string());
            let payload = STANDARD.encode_to_string(&audio);
            let message = media(&sequence, "MZ01", &chunk, &timestamp, &payload);
            let [scanned, parsed] = both(&message).expect("canonical");
            prop_assert_eq!(scanned, parsed);
        }
    }
}
