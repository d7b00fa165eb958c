//! Recognised text as a list of plain words.
//!
//! Every recogniser writes differently: "10:30 AM", "ten thirty a m", "217-555-0101", "that's",
//! "F-150". All readers of meaning work on the one form made here: lower case, no punctuation,
//! contractions written out, `am`/`pm` as one word, digits and letters apart.

/// Longest utterance that is read, in words; what follows is ignored. A minute of fast speech.
pub const MAX_WORDS: usize = 240;

/// A no-break space, between the words of one surname. Only [`Words::of_a_name`] heeds it.
pub(super) const HOLDS_TOGETHER: char = '\u{a0}';

/// What a hyphen does between two words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hyphens {
    Part,
    /// Letters that are spelled ("w-i-l-s-o-n") stay apart.
    Join,
}

/// The words of one utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    list: Vec<String>,
    /// All words with one space before and after each, for phrase search.
    line: String,
}

impl Words {
    /// Tokenises what a recogniser or a keyboard gave.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::read(text, Hyphens::Part)
    }

    /// The words of a name: "Jean-Luc" is one of them, and so is a surname of several words that
    /// [`HOLDS_TOGETHER`] holds together.
    #[must_use]
    pub fn of_a_name(text: &str) -> Self {
        Self::read(text, Hyphens::Join)
    }

    fn read(text: &str, hyphens: Hyphens) -> Self {
        let mut list = Vec::new();
        for token in tokens(text, hyphens) {
            expand(&token, &mut list);
            if list.len() >= MAX_WORDS {
                break;
            }
        }
        join_half_days(&mut list);
        drop_hesitations(&mut list);
        Self::from_list(list)
    }

    /// The words from `from` up to but not including `to`.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        let to = to.min(self.list.len());
        let from = from.min(to);
        Self::from_list(self.list[from..to].to_vec())
    }

    /// The same words without those from `from` up to but not including `to`.
    #[must_use]
    pub fn cut(&self, from: usize, to: usize) -> Self {
        let kept = self
            .list
            .iter()
            .enumerate()
            .filter(|(i, _)| *i < from || *i >= to);
        Self::from_list(kept.map(|(_, word)| word.clone()).collect())
    }

    fn from_list(list: Vec<String>) -> Self {
        let mut line = String::from(" ");
        for word in &list {
            line.push_str(word);
            line.push(' ');
        }
        Self { list, line }
    }

    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.list
    }

    /// The word at `index`, empty beyond the end.
    #[must_use]
    pub fn at(&self, index: usize) -> &str {
        self.list.get(index).map_or("", String::as_str)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the phrase occurs, whole words only.
    #[must_use]
    pub fn has(&self, phrase: &str) -> bool {
        self.line.contains(&format!(" {phrase} "))
    }

    #[must_use]
    pub fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase))
    }

    /// Whether the utterance is this phrase and nothing else.
    #[must_use]
    pub fn is(&self, phrase: &str) -> bool {
        self.line.trim() == phrase
    }

    /// Index of the first word of the phrase's first occurrence.
    #[must_use]
    pub fn position(&self, phrase: &str) -> Option<usize> {
        let at = self.line.find(&format!(" {phrase} "))?;
        Some(self.line[..at].split_whitespace().count())
    }

    /// Index of the first word after the phrase's last occurrence.
    #[must_use]
    pub fn after(&self, phrase: &str) -> Option<usize> {
        let at = self.line.rfind(&format!(" {phrase} "))?;
        Some(self.line[..=at + phrase.len()].split_whitespace().count())
    }
}

/// Splits at everything that is not part of a word, and between digits and letters.
fn tokens(text: &str, hyphens: Hyphens) -> Vec<String> {
    let chars: Vec<char> = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| {
            if matches!(c, '’' | '‘' | '`') {
                '\''
            } else {
                c
            }
        })
        .collect();
    let mut out = Vec::new();
    let mut token = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let previous = token.chars().last();
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        let between_digits = previous.is_some_and(|p| p.is_ascii_digit()) && next.is_ascii_digit();
        let keep = match c {
            ':' | '/' => between_digits,
            '\'' => previous.is_some_and(char::is_alphabetic) && next.is_alphabetic(),
            '-' | HOLDS_TOGETHER if hyphens == Hyphens::Join => {
                let after = chars.iter().skip(i + 1).take_while(|c| c.is_alphabetic());
                let before = token.chars().rev().take_while(|c| c.is_alphabetic());
                before.count() > 1 && after.count() > 1
            }
            _ => c.is_alphanumeric(),
        };
        if c == ',' && between_digits && followed_by_three_digits(&chars[i + 1..]) {
            continue; // "1,200"
        }
        if c == '.' && (token == "a" || token == "p") && next == 'm' {
            continue; // "a.m."
        }
        let boundary = match previous {
            Some(p) if c.is_alphabetic() && p.is_ascii_digit() => !ordinal_suffix(&chars[i..]),
            Some(p) => c.is_ascii_digit() && p.is_alphabetic(),
            None => false,
        };
        if !token.is_empty() && (boundary || !keep) {
            out.push(std::mem::take(&mut token));
        }
        if keep {
            token.push(c);
        } else if c == '&' {
            out.push("and".to_owned());
        }
    }
    if !token.is_empty() {
        out.push(token);
    }
    out
}

fn followed_by_three_digits(rest: &[char]) -> bool {
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    digits == 3
}

/// Whether the letters here are the ending of "22nd".
fn ordinal_suffix(rest: &[char]) -> bool {
    let letters: String = rest.iter().take_while(|c| c.is_alphabetic()).collect();
    matches!(letters.as_str(), "st" | "nd" | "rd" | "th")
}

/// Writes contractions out, so that every phrase has one spelling.
fn expand(token: &str, out: &mut Vec<String>) {
    let written_out = match token {
        "that's" | "thats" => "that is",
        "it's" | "its" => "it is",
        "what's" | "whats" => "what is",
        "where's" => "where is",
        "when's" => "when is",
        "there's" => "there is",
        "here's" => "here is",
        "who's" => "who is",
        "name's" => "name is",
        "number's" => "number is",
        "let's" | "lets" => "let us",
        "i'm" | "im" => "i am",
        "can't" | "cant" => "can not",
        "cannot" => "can not",
        "won't" | "wont" => "will not",
        "don't" | "dont" => "do not",
        "didn't" | "didnt" => "did not",
        "doesn't" | "doesnt" => "does not",
        "isn't" | "isnt" => "is not",
        "gonna" => "going to",
        "wanna" => "want to",
        "ok" => "okay",
        "oclock" => "o'clock",
        other => {
            let split = [
                ("n't", "not"),
                ("'d", "would"),
                ("'ll", "will"),
                ("'ve", "have"),
                ("'re", "are"),
            ];
            for (ending, word) in split {
                if let Some(stem) = other.strip_suffix(ending) {
                    out.push(stem.to_owned());
                    out.push(word.to_owned());
                    return;
                }
            }
            out.push(other.to_owned());
            return;
        }
    };
    out.extend(written_out.split(' ').map(str::to_owned));
}

/// "a m" becomes "am" where a time can precede it; between spelled letters it stays.
fn join_half_days(list: &mut Vec<String>) {
    let mut i = 1;
    while i + 1 < list.len() {
        let after_time = super::number::is_number_word(&list[i - 1])
            || matches!(list[i - 1].as_str(), "o'clock" | "the");
        if after_time && list[i + 1] == "m" && (list[i] == "a" || list[i] == "p") {
            list[i].push('m');
            list.remove(i + 1);
        }
        i += 1;
    }
}

/// Drops "um"; "uh huh" is a yes.
fn drop_hesitations(list: &mut Vec<String>) {
    let mut out: Vec<String> = Vec::with_capacity(list.len());
    for word in list.drain(..) {
        let assents = matches!(word.as_str(), "huh" | "hmm" | "hm")
            && out.last().is_some_and(|w| w == "uh" || w == "mm");
        if assents {
            out.pop();
            out.push("yes".to_owned());
        } else {
            out.push(word);
        }
    }
    out.retain(|w| {
        !matches!(
            w.as_str(),
            "uh" | "um" | "uhm" | "er" | "erm" | "hmm" | "hm" | "mm"
        )
    });
    *list = out;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recognisers_spelling_becomes_the_same_words() {
        for (text, words) in [
            ("10:30 AM", "10:30 am"),
            ("10:30a.m.", "10:30 am"),
            ("ten thirty a m", "ten thirty am"),
            ("two P.M.?", "two pm"),
            ("217-555-0101", "217 555 0101"),
            ("(217) 555.0101", "217 555 0101"),
            ("That’s right, it's ME.", "that is right it is me"),
            ("I can't; won't I'd", "i can not will not i would"),
            ("an F-150 and an f150", "an f 150 and an f 150"),
            ("November 22nd, 1,200", "november 22nd 1200"),
            ("11/24 at 9", "11/24 at 9"),
            ("um, uh-huh", "yes"),
            ("s a m", "s a m"),
            ("O'Brien", "o'brien"),
            ("", ""),
        ] {
            assert_eq!(Words::new(text).list().join(" "), words, "{text}");
        }
    }

    #[test]
    fn phrases_match_whole_words_only() {
        let words = Words::new("please take care of it, take care");
        assert!(words.has("take care"));
        assert!(!words.has("take car"));
        assert_eq!(words.position("take care"), Some(1));
        assert_eq!(words.after("take care"), Some(7));
        assert!(Words::new("goodbye").is("goodbye"));
    }
}
