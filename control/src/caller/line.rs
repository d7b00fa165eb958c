//! One thing a caller does in a turn: speak, press keys, hang up.

/// A line of a script or of the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Words to be spoken.
    Speech(String),
    /// Keys of the telephone, in order: `0`-`9`, `*`, `#`, `A`-`D`.
    Keys(String),
    HangUp,
}

/// Why a line is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("nothing to say")]
    Empty,
    #[error("{0:?} is not a key of a telephone (0-9, *, #, A-D)")]
    NotAKey(char),
    #[error("{0:?} is not known; the one command is /hangup")]
    UnknownCommand(String),
}

impl Line {
    /// Reads `#5551` as keys, `/hangup` as the end of the call, anything else as speech.
    ///
    /// # Errors
    /// [`LineError`] for an empty line, an unknown command or a key that no telephone has.
    pub fn parse(text: &str) -> Result<Self, LineError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LineError::Empty);
        }
        if let Some(keys) = text.strip_prefix('#') {
            let keys: String = keys.chars().filter(|c| !c.is_whitespace()).collect();
            let wrong = keys
                .chars()
                .find(|c| !matches!(c, '0'..='9' | '*' | '#' | 'A'..='D'));
            return match wrong {
                Some(c) => Err(LineError::NotAKey(c)),
                // A lone `#` is the key itself.
                None if keys.is_empty() => Ok(Self::Keys("#".to_owned())),
                None => Ok(Self::Keys(keys)),
            };
        }
        match text.strip_prefix('/') {
            Some("hangup") => Ok(Self::HangUp),
            Some(_) => Err(LineError::UnknownCommand(text.to_owned())),
            None => Ok(Self::Speech(text.to_owned())),
        }
    }
}

/// As one would type it.
impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Speech(words) => f.write_str(words),
            Self::Keys(keys) => write!(f, "#{keys}"),
            Self::HangUp => f.write_str("/hangup"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keys_and_the_end_are_told_apart() {
        assert_eq!(
            Line::parse("  i need an oil change "),
            Ok(Line::Speech("i need an oil change".into()))
        );
        assert_eq!(Line::parse("#217 555"), Ok(Line::Keys("217555".into())));
        assert_eq!(Line::parse("#"), Ok(Line::Keys("#".into())));
        assert_eq!(Line::parse("/hangup"), Ok(Line::HangUp));
    }

    #[test]
    fn what_nobody_can_say_or_press_is_refused() {
        assert_eq!(Line::parse("  "), Err(LineError::Empty));
        assert_eq!(Line::parse("#12x"), Err(LineError::NotAKey('x')));
        assert_eq!(
            Line::parse("/quit"),
            Err(LineError::UnknownCommand("/quit".into()))
        );
    }
}
