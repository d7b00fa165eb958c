//! Writes a text as it is spoken, where flite would read it badly.

/// The text for the engine: what is written is what is heard.
pub(super) fn spoken(text: &str) -> String {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        words.push(word.to_owned());
    }
    words.join(" ")
}
