//! TwiML: the verbs we answer webhooks with.

use std::borrow::Cow;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use storage::Language;
use storage::customer::Phone;

/// One verb of an answer. Text and attributes are escaped by the writer; characters that XML does
/// not know are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Open a media stream; when it is over, ask `action` what to do.
    Connect {
        action: String,
        stream: Stream,
    },
    /// Speak with the telephone network's own voice: for when ours is not there.
    Say(Say),
    /// Connect the caller to a human.
    Dial(Dial),
    /// Wait, in silence.
    Pause(Duration),
    /// Go on with what this URL answers.
    Redirect(String),
    /// Answer a text message with this one.
    Message(String),
    Hangup,
}

/// Where the media goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    pub url: String,
    /// Unique within the call.
    pub name: String,
    /// Told when the stream starts, stops or fails. Absolute.
    pub status_callback: String,
    /// The media token, read back at the stream's `start`.
    pub token: String,
}

/// What is spoken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    pub text: String,
    /// Absent: the network's default.
    pub voice: Option<String>,
    /// A tag like `en-US`; absent: the network's default.
    pub language: Option<String>,
}

/// Who is rung, for how long, and who is told what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    pub number: Phone,
    pub timeout: Duration,
    /// Asked what to do with the caller when the dialled call is over. Absolute.
    pub action: String,
    /// The number that is shown to who is rung; absent: the caller's.
    pub caller_id: Option<Phone>,
}

/// The name under which the media token travels in `<Parameter>` and `customParameters`.
pub const TOKEN_PARAMETER: &str = "token";

impl Verb {
    /// A sentence of ours, in the network's default voice for its language.
    #[must_use]
    pub fn say(language: Language, text: impl Into<String>) -> Self {
        let tag = match language {
            Language::English => "en-US",
            Language::Spanish => "es-US",
        };
        Self::Say(Say {
            text: text.into(),
            voice: None,
            language: Some(tag.to_owned()),
        })
    }
}

/// The whole document. No verbs at all is an answer, too: nothing is to be done.
#[must_use]
pub fn document(verbs: &[Verb]) -> String {
    let mut xml = Xml(Writer::new(Vec::with_capacity(1_024)));
    xml.response(verbs)
        .expect("invariant: writing to memory does not fail");
    String::from_utf8(xml.0.into_inner()).expect("invariant: UTF-8 in, UTF-8 out")
}

struct Xml(Writer<Vec<u8>>);

type Written = std::io::Result<()>;

impl Xml {
    fn response(&mut self, verbs: &[Verb]) -> Written {
        let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
        self.0.write_event(Event::Decl(declaration))?;
        if verbs.is_empty() {
            return self.empty("Response", &[]);
        }
        self.open("Response", &[])?;
        for verb in verbs {
            self.verb(verb)?;
        }
        self.close("Response")
    }

    fn verb(&mut self, verb: &Verb) -> Written {
        match verb {
            Verb::Connect { action, stream } => {
                self.open("Connect", &[("action", action)])?;
                self.stream(stream)?;
                self.close("Connect")
            }
            Verb::Say(Say {
                text,
                voice,
                language,
            }) => {
                let voice = voice.as_deref().map(|voice| ("voice", voice));
                let language = language.as_deref().map(|language| ("language", language));
                let attributes: Vec<_> = voice.into_iter().chain(language).collect();
                self.text("Say", &attributes, text)
            }
            Verb::Dial(dial) => self.dial(dial),
            Verb::Pause(length) => {
                let seconds = length.as_secs().max(1).to_string();
                self.empty("Pause", &[("length", &seconds)])
            }
            Verb::Redirect(url) => self.text("Redirect", &[("method", "POST")], url),
            Verb::Message(text) => self.text("Message", &[], text),
            Verb::Hangup => self.empty("Hangup", &[]),
        }
    }

    fn stream(&mut self, stream: &Stream) -> Written {
        let attributes = [
            ("url", stream.url.as_str()),
            ("name", &stream.name),
            ("statusCallback", &stream.status_callback),
        ];
        self.open("Stream", &attributes)?;
        let parameter = [("name", TOKEN_PARAMETER), ("value", &stream.token)];
        self.empty("Parameter", &parameter)?;
        self.close("Stream")
    }

    fn dial(&mut self, dial: &Dial) -> Written {
        let timeout = dial.timeout.as_secs().to_string();
        let mut attributes = vec![
            ("timeout", timeout.as_str()),
            ("action", &dial.action),
            // The caller hears it ring, and pays for no silence.
            ("answerOnBridge", "true"),
        ];
        if let Some(caller_id) = &dial.caller_id {
            attributes.push(("callerId", caller_id.as_str()));
        }
        self.open("Dial", &attributes)?;
        self.text("Number", &[], dial.number.as_str())?;
        self.close("Dial")
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> Written {
        self.0.write_event(Event::Start(tag(name, attributes)))
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> Written {
        self.0.write_event(Event::Empty(tag(name, attributes)))
    }

    fn close(&mut self, name: &str) -> Written {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> Written {
        self.open(name, attributes)?;
        let text = legal(text);
        self.0.write_event(Event::Text(BytesText::new(&text)))?;
        self.close(name)
    }
}

fn tag<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut tag = BytesStart::new(name);
    for (name, value) in attributes {
        tag.push_attribute((*name, &*legal(value)));
    }
    tag
}

/// Without the characters that no XML 1.0 document may hold, escaped or not.
fn legal(text: &str) -> Cow<'_, str> {
    let is_legal = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => c >= ' ',
    };
    if text.chars().all(is_legal) {
        Cow::Borrowed(text)
    } else {
        text.chars()
            .filter(|c| is_legal(*c))
            .collect::<String>()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::Reader;

    use super::*;

    fn connect(action: &str, token: &str) -> Verb {
        Verb::Connect {
            action: action.to_owned(),
            stream: Stream {
                url: "ws://h/media".to_owned(),
                name: "s1".to_owned(),
                status_callback: "http://h/status".to_owned(),
                token: token.to_owned(),
            },
        }
    }

    fn body(verbs: &[Verb]) -> String {
        let xml = document(verbs);
        let (declaration, body) = xml.split_once("?>").expect("a declaration");
        assert_eq!(declaration, "<?xml version=\"1.0\" encoding=\"UTF-8\"");
        body.to_owned()
    }

    #[test]
    fn connect_carries_stream_token_and_action() {
        assert_eq!(
            body(&[connect("http://h/ended", "abc")]),
            "<Response><Connect action=\"http://h/ended\">\
             <Stream url=\"ws://h/media\" name=\"s1\" statusCallback=\"http://h/status\">\
             <Parameter name=\"token\" value=\"abc\"/></Stream></Connect></Response>"
        );
    }

    #[test]
    fn what_would_be_markup_is_escaped() {
        let xml = body(&[
            Verb::say(Language::English, "<Dial>&\"'</Dial>"),
            connect("http://h/?a=1&b=\"><Hangup/>", "t"),
        ]);
        assert!(!xml.contains("<Dial>"), "{xml}");
        assert!(!xml.contains("<Hangup/>"), "{xml}");
        assert!(xml.contains("a=1&amp;b=&quot;&gt;"), "{xml}");
    }

    #[test]
    fn a_human_is_rung_for_a_while_and_somebody_is_told() {
        let number = |text| Phone::parse(text).expect("valid");
        let dial = Dial {
            number: number("+12175550100"),
            timeout: Duration::from_secs(25),
            action: "http://h/dialled".to_owned(),
            caller_id: Some(number("+12175550199")),
        };
        assert_eq!(
            body(&[Verb::Dial(dial)]),
            "<Response><Dial timeout=\"25\" action=\"http://h/dialled\" answerOnBridge=\"true\" \
             callerId=\"+12175550199\"><Number>+12175550100</Number></Dial></Response>"
        );
    }

    #[test]
    fn every_other_verb_is_as_twilio_writes_it() {
        for (verbs, expected) in [
            (vec![], "<Response/>"),
            (vec![Verb::Hangup], "<Response><Hangup/></Response>"),
            (
                vec![Verb::Pause(Duration::from_secs(2))],
                "<Response><Pause length=\"2\"/></Response>",
            ),
            (
                vec![Verb::Redirect("http://h/?a&b".to_owned())],
                "<Response><Redirect method=\"POST\">http://h/?a&amp;b</Redirect></Response>",
            ),
            (
                vec![Verb::Message("Hi".to_owned())],
                "<Response><Message>Hi</Message></Response>",
            ),
            (
                vec![Verb::Say(Say {
                    text: "Hi".to_owned(),
                    voice: Some("Polly.Joanna".to_owned()),
                    language: Some("en-US".to_owned()),
                })],
                "<Response><Say voice=\"Polly.Joanna\" language=\"en-US\">Hi</Say></Response>",
            ),
        ] {
            assert_eq!(body(&verbs), expected);
        }
    }

    #[test]
    fn what_xml_does_not_know_is_left_out() {
        let xml = body(&[Verb::say(
            Language::English,
            "a\u{0}b\u{b}c\u{1b}[d\u{ffff}\te\u{7f}",
        )]);
        assert!(xml.contains(">abc[d\te\u{7f}</Say>"), "{xml:?}");
    }

    /// The first attribute and the text of a document's only verb, as an XML reader sees them.
    fn read_back(xml: &str) -> (String, String) {
        let mut reader = Reader::from_str(xml);
        let (mut attribute, mut text) = (String::new(), String::new());
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Start(tag) => {
                    for found in tag.attributes() {
                        let value = found.expect("well-formed").value;
                        let value = quick_xml::escape::unescape(&value).expect("well-formed");
                        attribute = value.into_owned();
                    }
                }
                Event::Text(part) => text.push_str(&part),
                Event::GeneralRef(reference) => {
                    let escaped = format!("&{};", &*reference);
                    text.push_str(&quick_xml::escape::unescape(&escaped).expect("known"));
                }
                Event::Eof => return (attribute, text),
                _ => {}
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_the_way_through_an_xml_reader(
            said in any::<String>(),
            spiky in "[<>&\"'\\]\\[\\r\\n\\t;#x0-9a-f\u{0}-\u{1f}]{0,24}",
        ) {
            for text in [said, spiky] {
                let xml = document(&[Verb::Say(Say {
                    text: text.clone(),
                    voice: None,
                    language: Some(text.clone()),
                })]);
                let legal = legal(&text).into_owned();
                prop_assert_eq!(read_back(&xml), (legal.clone(), legal));
            }
        }
    }
}
