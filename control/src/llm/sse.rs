//! Server-sent events, from bytes that arrive in any pieces.
//!
//! Lines end with LF, CRLF or CR and nothing else (U+2028 is text). Reads may cut a line end, a
//! character or a field anywhere. What an event is made of is kept in buffers that are used again:
//! no event costs an allocation.

mod check;

use std::borrow::Cow;

pub use check::check_any_bytes;

use crate::limits::MAX_SSE_EVENT_BYTES;

/// Puts events together from the body of a response.
#[derive(Debug)]
pub struct SseDecoder {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    draft: Draft,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    /// No line was complete yet: this one may begin with a byte order mark.
    first_line: bool,
    max_event_bytes: usize,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Empty where the event has no name.
    pub name: Cow<'a, str>,
    /// Its data lines, joined by LF. What is not UTF-8 was replaced.
    pub data: Cow<'a, str>,
}

/// An event was longer than we keep; the ones after it are read as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of more than {MAX_SSE_EVENT_BYTES} bytes")]
pub struct EventTooLong;

/// Events of one piece of the body. Dropping it before its end loses the rest of the piece.
#[derive(Debug)]
pub struct Events<'d, 'b> {
    decoder: &'d mut SseDecoder,
    bytes: &'b [u8],
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::with_limit(MAX_SSE_EVENT_BYTES)
    }
}

impl SseDecoder {
    fn with_limit(max_event_bytes: usize) -> Self {
        Self {
            line: Vec::new(),
            draft: Draft::default(),
            after_cr: false,
            first_line: true,
            max_event_bytes,
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed<'d, 'b>(&'d mut self, bytes: &'b [u8]) -> Events<'d, 'b> {
        Events {
            decoder: self,
            bytes,
        }
    }

    /// Keeps the beginning of a line; of one that is too long, just enough to know it.
    fn keep(&mut self, bytes: &[u8]) {
        let longest = self.max_event_bytes.max(MAX_NAME_BYTES) + FIELD_ROOM;
        let room = longest.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// A line is complete, but for `rest`, its last part. True where it ends an event.
    fn end_line(&mut self, rest: &[u8]) -> bool {
        let max = self.max_event_bytes;
        let first = std::mem::take(&mut self.first_line);
        if self.line.is_empty() {
            return self.draft.take_line(without_mark(rest, first), max);
        }
        self.keep(rest);
        let ended = self.draft.take_line(without_mark(&self.line, first), max);
        self.line.clear();
        ended
    }
}

impl Events<'_, '_> {
    /// The next event that is complete; `None` where more bytes are needed.
    ///
    /// # Errors
    /// [`EventTooLong`] stands in for an event that was not kept.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns borrows from it"
    )]
    pub fn next(&mut self) -> Option<Result<Event<'_>, EventTooLong>> {
        self.decoder.draft.forget_what_was_told();
        loop {
            let (&first, rest) = self.bytes.split_first()?;
            if std::mem::take(&mut self.decoder.after_cr) && first == b'\n' {
                self.bytes = rest;
                continue;
            }
            let Some(end) = self.bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.decoder.keep(std::mem::take(&mut self.bytes));
                return None;
            };
            let (line, rest) = self.bytes.split_at(end);
            self.decoder.after_cr = rest[0] == b'\r';
            self.bytes = &rest[1..];
            if self.decoder.end_line(line) {
                return Some(self.decoder.draft.tell());
            }
        }
    }
}

/// An event under way.
#[derive(Debug, Default)]
struct Draft {
    name: Vec<u8>,
    data: Vec<u8>,
    /// An event without a data line is none, one with an empty data line is.
    has_data: bool,
    too_long: bool,
    /// It was handed out and is to be forgotten before the next line.
    told: bool,
}

impl Draft {
    /// True where the line, an empty one, ends an event.
    fn take_line(&mut self, line: &[u8], max_event_bytes: usize) -> bool {
        if line.is_empty() {
            if !self.has_data {
                self.forget();
            }
            return self.has_data;
        }
        let colon = line.iter().position(|&b| b == b':');
        let (field, value) = match colon {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => self.take_data(value, max_event_bytes),
            b"event" => {
                self.name.clear();
                self.name
                    .extend_from_slice(&value[..value.len().min(MAX_NAME_BYTES)]);
            }
            // Comments have an empty field; ids and retry times are for those who reconnect.
            _ => {}
        }
        false
    }

    fn take_data(&mut self, value: &[u8], max_event_bytes: usize) {
        let separator = usize::from(self.has_data);
        if self.data.len() + separator + value.len() > max_event_bytes {
            self.too_long = true;
            self.data.clear();
        }
        if !self.too_long {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
        }
        self.has_data = true;
    }

    fn tell(&mut self) -> Result<Event<'_>, EventTooLong> {
        self.told = true;
        if self.too_long {
            return Err(EventTooLong);
        }
        Ok(Event {
            name: String::from_utf8_lossy(&self.name),
            data: String::from_utf8_lossy(&self.data),
        })
    }

    fn forget_what_was_told(&mut self) {
        if self.told {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.name.clear();
        self.data.clear();
        self.has_data = false;
        self.too_long = false;
        self.told = false;
    }
}

fn without_mark(line: &[u8], first: bool) -> &[u8] {
    match line.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if first => rest,
        _ => line,
    }
}

/// A data line of the longest event, and one byte more, fits with its field's name; so does the
/// longest name.
const FIELD_ROOM: usize = 16;
/// Longest name of an event that is kept.
const MAX_NAME_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(body: &[u8]) -> Vec<(String, String)> {
        let mut decoder = SseDecoder::default();
        let mut events = decoder.feed(body);
        let mut all = Vec::new();
        while let Some(event) = events.next() {
            let event = event.expect("a short event");
            all.push((event.name.into_owned(), event.data.into_owned()));
        }
        all
    }

    fn data(body: &[u8]) -> Vec<String> {
        decode(body).into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn lines_end_with_lf_crlf_or_cr_and_with_nothing_else() {
        assert_eq!(
            data(b"data: 1\n\ndata:2\r\n\r\ndata: 3\r\r"),
            ["1", "2", "3"]
        );
        assert_eq!(
            data("data: a\u{2028}b\u{85}c\n\n".as_bytes()),
            ["a\u{2028}b\u{85}c"]
        );
    }

    #[test]
    fn data_lines_join_comments_vanish_and_only_one_space_is_eaten() {
        let body = b": hello\n\nevent: x\nid: 4\ndata:  a\ndata\ndata:b:c\nretry: 9\n\n";
        assert_eq!(decode(body), [("x".into(), " a\n\nb:c".into())]);
    }

    #[test]
    fn an_events_name_is_not_the_next_ones_and_an_event_without_data_is_none() {
        let body = b"event: error\ndata: 1\n\ndata: 2\n\nevent: ping\n\ndata: 3\n\n";
        let names: Vec<_> = decode(body).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["error", "", ""]);
    }

    #[test]
    fn an_unfinished_event_is_not_told() {
        assert!(data(b"data: 1\n").is_empty());
        assert!(data(b"data: 1").is_empty());
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_field() {
        assert_eq!(data(b"\xef\xbb\xbfdata: 1\n\n"), ["1"]);
        assert!(data(b"\n\xef\xbb\xbfdata: 1\n\n").is_empty());
    }

    #[test]
    fn an_event_that_is_too_long_is_an_error_and_the_next_one_is_read() {
        let mut decoder = SseDecoder::with_limit(4);
        let mut events =
            decoder.feed(b"data: 1234\n\ndata: 12\ndata: 34\n\ndata: 12345\n\ndata: 5\n\n");
        let mut told = Vec::new();
        while let Some(event) = events.next() {
            told.push(event.map(|event| event.data.into_owned()));
        }
        let [first, joined, long, last] = &told[..] else {
            panic!("four events: {told:?}");
        };
        assert_eq!(first.as_deref(), Ok("1234"));
        assert_eq!((joined, long), (&Err(EventTooLong), &Err(EventTooLong)));
        assert_eq!(last.as_deref(), Ok("5"));
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_room_than_an_event() {
        let mut decoder = SseDecoder::with_limit(1_000);
        for _ in 0..100 {
            assert!(decoder.feed(&[b'x'; 100]).next().is_none());
        }
        assert!(decoder.line.capacity() <= 4_000);
    }
}
