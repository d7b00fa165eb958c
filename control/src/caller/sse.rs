//! Server-sent events, as far as a JSON feed needs them: the data of each event, from bytes that
//! arrive in any pieces.

/// Largest event, in bytes; what is longer is dropped.
const MAX_EVENT_BYTES: usize = 256 * 1024;

/// Puts events together from the body of a response.
#[derive(Debug, Default)]
pub struct SseDecoder {
    /// The line that is being received.
    line: Vec<u8>,
    /// The data lines of the event that is being received, joined.
    data: Vec<u8>,
    has_data: bool,
}

impl SseDecoder {
    /// Takes the next bytes and appends the data of every event that is complete now.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<String>) {
        for &byte in bytes {
            match byte {
                b'\n' => self.end_of_line(events),
                // CRLF and LF both end a line; a bare CR is not used by any server we meet.
                b'\r' => {}
                _ if self.line.len() < MAX_EVENT_BYTES => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_of_line(&mut self, events: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            if std::mem::take(&mut self.has_data) {
                events.push(String::from_utf8_lossy(&data).into_owned());
            }
        } else if let Some(data) = line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            if self.data.len() + data.len() <= MAX_EVENT_BYTES {
                self.data
                    .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let body = ": hello\n\nevent: x\ndata: {\"a\":\"é\"}\r\n\r\ndata:1\ndata: 2\n\nid: 4\n\n";
        for size in 1..body.len() {
            let mut decoder = SseDecoder::default();
            let mut events = Vec::new();
            for piece in body.as_bytes().chunks(size) {
                decoder.push(piece, &mut events);
            }
            assert_eq!(events, ["{\"a\":\"é\"}", "1\n2"], "in pieces of {size}");
        }
    }

    #[test]
    fn an_unfinished_event_is_not_told() {
        let mut events = Vec::new();
        SseDecoder::default().push(b"data: 1\n", &mut events);
        assert!(events.is_empty());
    }
}
