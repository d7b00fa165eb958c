//! TwiML: the verbs we answer webhooks with.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use storage::customer::Phone;

/// One verb of an answer. Text and attributes are escaped by the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Open a media stream to `stream`; when it is over, ask `action` what to do.
    Connect {
        action: String,
        stream: String,
        /// The media token, read back at the stream's `start`.
        token: String,
    },
    /// Speak with the telephone network's own voice: for when ours is not there.
    Say(String),
    /// Connect the caller to a human.
    Dial(Phone),
    Hangup,
}

/// The name under which the media token travels in `<Parameter>` and `customParameters`.
pub const TOKEN_PARAMETER: &str = "token";

/// The whole document.
#[must_use]
pub fn document(verbs: &[Verb]) -> String {
    let mut writer = Writer::new(Vec::with_capacity(512));
    write(&mut writer, verbs).expect("invariant: writing to memory does not fail");
    String::from_utf8(writer.into_inner()).expect("invariant: UTF-8 in, UTF-8 out")
}

type Xml = Writer<Vec<u8>>;

fn write(xml: &mut Xml, verbs: &[Verb]) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    open(xml, "Response", &[])?;
    for verb in verbs {
        match verb {
            Verb::Connect {
                action,
                stream,
                token,
            } => {
                open(xml, "Connect", &[("action", action)])?;
                open(xml, "Stream", &[("url", stream)])?;
                let parameter = BytesStart::new("Parameter")
                    .with_attributes([("name", TOKEN_PARAMETER), ("value", token.as_str())]);
                xml.write_event(Event::Empty(parameter))?;
                close(xml, "Stream")?;
                close(xml, "Connect")?;
            }
            Verb::Say(text) => with_text(xml, "Say", text)?,
            Verb::Dial(number) => with_text(xml, "Dial", number.as_str())?,
            Verb::Hangup => xml.write_event(Event::Empty(BytesStart::new("Hangup")))?,
        }
    }
    close(xml, "Response")
}

fn open(xml: &mut Xml, name: &str, attributes: &[(&str, &str)]) -> std::io::Result<()> {
    let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
    xml.write_event(Event::Start(start))
}

fn close(xml: &mut Xml, name: &str) -> std::io::Result<()> {
    xml.write_event(Event::End(BytesEnd::new(name)))
}

fn with_text(xml: &mut Xml, name: &str, text: &str) -> std::io::Result<()> {
    open(xml, name, &[])?;
    xml.write_event(Event::Text(BytesText::new(text)))?;
    close(xml, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_carries_stream_token_and_action() {
        let xml = document(&[Verb::Connect {
            action: "http://h/ended".into(),
            stream: "ws://h/media".into(),
            token: "abc".into(),
        }]);
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
             <Connect action=\"http://h/ended\"><Stream url=\"ws://h/media\">\
             <Parameter name=\"token\" value=\"abc\"/></Stream></Connect></Response>"
        );
    }

    #[test]
    fn what_would_be_markup_is_escaped() {
        let xml = document(&[
            Verb::Say("<Dial>&\"'</Dial>".into()),
            Verb::Connect {
                action: "http://h/?a=1&b=\"><Hangup/>".into(),
                stream: "ws://h".into(),
                token: "t".into(),
            },
        ]);
        assert!(!xml.contains("<Dial>"), "{xml}");
        assert!(!xml.contains("<Hangup/>"), "{xml}");
        assert!(xml.contains("a=1&amp;b=&quot;&gt;"), "{xml}");
    }

    #[test]
    fn dial_and_hangup_stand_alone() {
        let human = Phone::parse("+1 217 555 0100").expect("valid");
        assert!(document(&[Verb::Dial(human)]).contains("<Dial>+12175550100</Dial>"));
        assert!(document(&[Verb::Hangup]).ends_with("<Response><Hangup/></Response>"));
    }
}
