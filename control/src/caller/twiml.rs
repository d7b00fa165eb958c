//! Reads the TwiML that a webhook answers with: the verbs that a caller can notice.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What to do next with the call, in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `<Connect action><Stream url>`: media goes over a WebSocket until one side ends it; then the
    /// call goes on with what `action` answers, or with the next verb where there is none.
    Connect {
        action: Option<String>,
        stream: Stream,
    },
    Say(String),
    /// `<Dial>`: the caller is put through to this number.
    Dial(String),
    Redirect(String),
    Hangup,
    Reject,
    /// `<Pause length>`, in seconds.
    Pause(u64),
    /// A verb that this caller does not play. Its name.
    Other(String),
}

/// `<Stream>`: where the media goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    pub url: String,
    /// `<Parameter name value>`, in order; they travel in the `start` message.
    pub parameters: Vec<(String, String)>,
}

/// Why a document is not TwiML that we can follow.
#[derive(Debug, thiserror::Error)]
pub enum TwimlError {
    #[error("TwiML: not well-formed XML: {0}")]
    Xml(String),
    #[error("TwiML: the document has no <Response>")]
    NoResponse,
    #[error("TwiML: <Connect> holds no <Stream url=…>")]
    NoStream,
}

/// Parses a whole document.
///
/// # Errors
/// [`TwimlError`] when it is not XML, not a `<Response>`, or a `<Connect>` without a stream.
pub fn parse(document: &str) -> Result<Vec<Verb>, TwimlError> {
    let mut reader = Reader::from_str(document);
    let mut parse = Parse::default();
    loop {
        match reader.read_event().map_err(xml)? {
            Event::Start(tag) => parse.open(&tag)?,
            Event::Empty(tag) => {
                parse.open(&tag)?;
                parse.close()?;
            }
            Event::End(_) => parse.close()?,
            Event::Text(text) => parse.text.push_str(&text),
            Event::GeneralRef(reference) => parse.reference(&reference),
            Event::CData(data) => parse.text.push_str(&data),
            Event::Eof => break,
            _ => {}
        }
    }
    if parse.responded {
        Ok(parse.verbs)
    } else {
        Err(TwimlError::NoResponse)
    }
}

/// Where the parser is in the document.
#[derive(Default)]
struct Parse {
    verbs: Vec<Verb>,
    /// Open elements, outermost first.
    path: Vec<Open>,
    /// Text since the innermost element that keeps text was opened.
    text: String,
    stream: Option<Stream>,
    responded: bool,
}

struct Open {
    name: String,
    /// `action` of `<Connect>`, `length` of `<Pause>`.
    detail: Option<String>,
}

impl Parse {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), TwimlError> {
        let name = tag.local_name().as_ref().to_owned();
        let detail = match name.as_str() {
            "Response" => {
                self.responded = true;
                None
            }
            "Connect" => attribute(tag, "action")?,
            "Pause" => attribute(tag, "length")?,
            "Stream" => {
                let url = attribute(tag, "url")?.ok_or(TwimlError::NoStream)?;
                self.stream = Some(Stream {
                    url,
                    parameters: Vec::new(),
                });
                None
            }
            "Parameter" => {
                let key = attribute(tag, "name")?.unwrap_or_default();
                let value = attribute(tag, "value")?.unwrap_or_default();
                if let Some(stream) = &mut self.stream {
                    stream.parameters.push((key, value));
                }
                None
            }
            _ => None,
        };
        // `<Dial><Number>…</Number></Dial>`: the number is the text of either.
        if name != "Number" {
            self.text.clear();
        }
        self.path.push(Open { name, detail });
        Ok(())
    }

    fn close(&mut self) -> Result<(), TwimlError> {
        let Some(open) = self.path.pop() else {
            return Ok(());
        };
        // Only the children of <Response> are verbs.
        if self.path.len() != 1 {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text).trim().to_owned();
        self.verbs.push(match open.name.as_str() {
            "Connect" => Verb::Connect {
                action: open.detail,
                stream: self.stream.take().ok_or(TwimlError::NoStream)?,
            },
            "Say" => Verb::Say(text),
            "Dial" => Verb::Dial(text),
            "Redirect" => Verb::Redirect(text),
            "Hangup" => Verb::Hangup,
            "Reject" => Verb::Reject,
            "Pause" => Verb::Pause(open.detail.and_then(|n| n.parse().ok()).unwrap_or(1)),
            _ => Verb::Other(open.name),
        });
        Ok(())
    }

    fn reference(&mut self, name: &str) {
        match name {
            "amp" => self.text.push('&'),
            "lt" => self.text.push('<'),
            "gt" => self.text.push('>'),
            "quot" => self.text.push('"'),
            "apos" => self.text.push('\''),
            _ => {
                let code = name
                    .strip_prefix("#x")
                    .map(|hex| u32::from_str_radix(hex, 16))
                    .or_else(|| name.strip_prefix('#').map(str::parse));
                if let Some(c) = code.and_then(Result::ok).and_then(char::from_u32) {
                    self.text.push(c);
                }
            }
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, TwimlError> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(xml)?;
        if attribute.key.as_ref() == name {
            let value = quick_xml::escape::unescape(&attribute.value).map_err(xml)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

fn xml(error: impl std::fmt::Display) -> TwimlError {
    TwimlError::Xml(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_with_its_parameters_and_action_is_read() {
        let verbs = parse(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <Response>
              <Connect action="http://127.0.0.1:8000/ended?a=1&amp;b=2">
                <Stream url="ws://127.0.0.1:8000/media">
                  <Parameter name="token" value="a&quot;b"/>
                  <Parameter name="from" value="+12175550101"/>
                </Stream>
              </Connect>
              <Hangup/>
            </Response>"#,
        )
        .unwrap();
        assert_eq!(
            verbs,
            [
                Verb::Connect {
                    action: Some("http://127.0.0.1:8000/ended?a=1&b=2".into()),
                    stream: Stream {
                        url: "ws://127.0.0.1:8000/media".into(),
                        parameters: vec![
                            ("token".into(), "a\"b".into()),
                            ("from".into(), "+12175550101".into()),
                        ],
                    },
                },
                Verb::Hangup,
            ]
        );
    }

    #[test]
    fn a_dialled_number_is_read_bare_or_wrapped() {
        let bare = parse("<Response><Dial timeout='20'>+12175550199</Dial></Response>").unwrap();
        let wrapped =
            parse("<Response><Dial>\n <Number>+12175550199</Number>\n</Dial></Response>").unwrap();
        assert_eq!(bare, [Verb::Dial("+12175550199".into())]);
        assert_eq!(wrapped, bare);
    }

    #[test]
    fn words_keep_their_order_and_their_escapes() {
        let verbs = parse(
            "<Response><Say voice=\"x\">We&apos;re sorry &amp; closed &#x2014; bye</Say>\
             <Pause length=\"3\"/><Redirect>http://a/b?c&amp;d</Redirect><Play>x</Play></Response>",
        )
        .unwrap();
        assert_eq!(
            verbs,
            [
                Verb::Say("We're sorry & closed \u{2014} bye".into()),
                Verb::Pause(3),
                Verb::Redirect("http://a/b?c&d".into()),
                Verb::Other("Play".into()),
            ]
        );
    }

    #[test]
    fn what_is_not_twiml_is_refused() {
        assert!(matches!(parse("hello"), Err(TwimlError::NoResponse)));
        assert!(matches!(
            parse("<Response><Connect/></Response>"),
            Err(TwimlError::NoStream)
        ));
        assert!(matches!(
            parse("<Response></Connect></Response>"),
            Err(TwimlError::Xml(_))
        ));
    }
}
