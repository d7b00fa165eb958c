//! Which words beside an answer wish for another time: in "no, Thursday" they do, in "yes, I can be
//! there by nine" they do not.
//!
//! Whoever is asked "shall I book it?" has chosen a time, and it stands until another is wished for.
//! So a clock time counts only where it can be one to come at. It cannot be
//! - among the figures of something else: a telephone number, a model year, a plate;
//! - in a clause about something else: when the caller leaves, what they are called;
//! - in a question, unless it proposes a time ("can you do eleven?");
//! - an end ("by nine", "until two"), unless the answer was a no;
//! - behind a yes a bare number among other words ("yes, for my two kids").

use super::date_time::{self, Asked, When, said_date};
use super::number;
use super::phone;
use super::vehicle;
use super::words::Words;
use super::yes_no::{self, Answer, YES_IN_DISGUISE};

/// The wish beside an answer: "no, at two", "yes, but on Friday".
pub(super) fn beside(words: &Words, answer: Answer) -> Option<When> {
    let about_coming = about_coming(words, Some(answer));
    let beside = beside_answers(&about_coming);
    let bare_may_be_a_time = answer != Answer::Yes || about_coming.has("but") || is_brief(&beside);
    date_time::parse_words(&about_coming, Asked::Otherwise)
        .or_else(|| date_time::parse_words(&beside, Asked::ForATime).filter(|_| bare_may_be_a_time))
        .map(|when| When {
            choice: None,
            ..when
        })
        .filter(|when| *when != When::default())
}

/// The wish that is said instead of a yes or a no: "Thursday at ten", "make it eleven".
pub(super) fn instead(words: &Words) -> Option<When> {
    date_time::parse_words(&about_coming(words, None), Asked::ForATime)
}

/// Takes away figures that are no time: those of a telephone number, of a model year, and among
/// letters that are spelled.
pub(super) fn without_figures(words: &Words) -> Words {
    without_spelled(&without_model_year(&phone::without(words)))
}

/// "K D four seven Q X": a licence plate, the number of a vehicle. One or two figures at its end may
/// be a time: "a C R V, two".
fn without_spelled(words: &Words) -> Words {
    const SHORTEST: usize = 4;
    const OF_A_TIME: usize = 2;
    let is_figure = |word: &String| number::digit(word).is_some();
    let is_letter = |word: &String| word.len() == 1 && word.as_bytes()[0].is_ascii_lowercase();
    let is_spelled = |word: &String| is_letter(word) || is_figure(word);
    let mut at = 0;
    let runs = words.list().chunk_by(|a, b| is_spelled(a) == is_spelled(b));
    let spelled = runs.map(|run| {
        let from = at;
        at += run.len();
        let figures = run.iter().rev().take_while(|word| is_figure(word)).count();
        let spelled = if figures <= OF_A_TIME {
            &run[..run.len() - figures]
        } else {
            run
        };
        let letters = spelled.iter().filter(|word| !is_figure(word)).count();
        let is_plate = is_spelled(&run[0]) && spelled.len() >= SHORTEST && letters >= 2;
        is_plate.then_some((from, from + spelled.len()))
    });
    let spelled: Vec<_> = spelled.flatten().collect();
    let cut = |words: Words, (from, to): (usize, usize)| words.cut(from, to);
    spelled.into_iter().rev().fold(words.clone(), cut)
}

/// "A 2018 Honda", "he was born in two thousand three".
fn without_model_year(words: &Words) -> Words {
    const INTRODUCED_BY: [&str; 6] = ["a", "an", "in", "from", "since", "year"];
    let date = said_date(words).map(|date| date.from..date.to);
    let of_a_vehicle = vehicle::mentioned(words).is_some_and(|said| said.make.is_some());
    let year = (0..words.len()).find_map(|at| {
        let (_, used) = number::year(words.list().get(at..)?)?;
        let before = if at == 0 { "" } else { words.at(at - 1) };
        let is_one = of_a_vehicle || INTRODUCED_BY.contains(&before);
        let is_dated = date.as_ref().is_some_and(|date| date.contains(&at));
        (is_one && !is_dated && before != "at").then_some((at, at + used))
    });
    year.map_or_else(|| words.clone(), |(from, to)| words.cut(from, to))
}

/// What begins a clause.
const JOINTS: [&str; 6] = ["but", "and", "or", "because", "so", "if"];

/// The clauses that may say when to come.
fn about_coming(words: &Words, answer: Option<Answer>) -> Words {
    let words = without_figures(words);
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    let mut from = 0;
    for to in 1..=words.len() {
        if to < words.len() && !JOINTS.contains(&words.at(to)) {
            continue;
        }
        let clause = words.slice(from, to);
        if !is_about_something_else(&clause, answer) && !asks(&clause) {
            kept.extend(without_ends(&clause, answer).list().iter().cloned());
        }
        from = to;
    }
    Words::new(&kept.join(" "))
}

fn is_about_something_else(clause: &Words, answer: Option<Answer>) -> bool {
    /// Not when the vehicle is to come, but when it or its driver goes, and who that is.
    const ALWAYS: [&str; 27] = [
        "leave",
        "leaving",
        "go home",
        "pick it up",
        "pick up",
        "picking up",
        "done by",
        "be done",
        "ready by",
        "be ready",
        "finished by",
        "be finished",
        "to stay",
        "i work",
        "at work",
        "off work",
        "get off",
        "born",
        "years old",
        "year old",
        "number is",
        "number",
        "plate",
        "plates",
        "name is",
        "i live",
        "my address",
    ];
    /// Behind a yes, how the caller will keep to the time that was asked about.
    const BEHIND_YES: [&str; 6] = [
        "be there",
        "be here",
        "get there",
        "arrive",
        "show up",
        "am off",
    ];
    clause.has_any(&ALWAYS) || (answer == Some(Answer::Yes) && clause.has_any(&BEHIND_YES))
}

/// Whether a clause asks something, and proposes no time by it.
fn asks(clause: &Words) -> bool {
    const OPENERS: [&str; 21] = [
        "do", "does", "did", "is", "are", "am", "was", "will", "would", "can", "could", "should",
        "shall", "may", "how", "what", "when", "where", "why", "which", "who",
    ];
    /// What may stand before it.
    const BEFORE: [&str; 14] = [
        "yes", "yeah", "no", "nope", "okay", "well", "actually", "wait", "sorry", "oh", "but",
        "and", "or", "so",
    ];
    const PROPOSES: [&str; 38] = [
        "how about",
        "what about",
        "can we",
        "could we",
        "can you do",
        "could you do",
        "can i do",
        "could i do",
        "can i come",
        "could i come",
        "can i get",
        "could i get",
        "can i have",
        "could i have",
        "can i at",
        "could i at",
        "can you at",
        "could you at",
        "can i make",
        "could i make",
        "can you make",
        "could you make",
        "bring it",
        "bring my",
        "bring in",
        "do you have",
        "have you got",
        "change",
        "move",
        "switch",
        "instead",
        "possible",
        "available",
        "free",
        "better",
        "earlier",
        "later",
        "i would like",
    ];
    let mut words = clause.list().iter().map(String::as_str);
    let opens = words
        .find(|word| !BEFORE.contains(word))
        .is_some_and(|word| OPENERS.contains(&word));
    opens && words.next().is_some() && !clause.has_any(&PROPOSES)
}

/// Behind a no an end is a wish ("no, it must be by noon"); otherwise no visit begins at it.
fn without_ends(clause: &Words, answer: Option<Answer>) -> Words {
    const ENDS: [&str; 3] = ["by", "until", "till"];
    if answer == Some(Answer::No) {
        return clause.clone();
    }
    let end = clause
        .list()
        .iter()
        .position(|word| ENDS.contains(&word.as_str()));
    clause.slice(0, end.unwrap_or(clause.len()))
}

/// The words beside the answer, in which a bare number may be a time ("no, eleven").
fn beside_answers(words: &Words) -> Words {
    let rest = yes_no::without(words, &YES_IN_DISGUISE);
    yes_no::without(
        &rest,
        &[
            "yes",
            "no",
            "yeah",
            "nope",
            "i said",
            "but",
            "please",
            "thank you",
        ],
    )
}

/// "Eleven", "eleven thirty works".
fn is_brief(words: &Words) -> bool {
    const MOST_WORDS: usize = 3;
    words.len() <= MOST_WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<When> {
        date_time::parse(text, Asked::ForATime)
    }

    fn beside_the(answer: Answer, text: &str) -> Option<When> {
        beside(&Words::new(text), answer)
    }

    #[test]
    fn a_yes_with_another_time_wishes_for_that_time() {
        for (text, wish) in [
            ("yes but at eleven", "eleven"),
            ("yes but make it eleven", "eleven"),
            ("yes eleven works", "eleven"),
            ("yes on thursday", "thursday"),
            ("yes at two thirty", "two thirty"),
            ("yes the c r v at two p m", "two p m"),
        ] {
            assert_eq!(beside_the(Answer::Yes, text), said(wish), "{text}");
        }
    }

    #[test]
    fn a_yes_with_figures_of_something_else_wishes_for_nothing() {
        for text in [
            "yes but my number is two one seven five five five oh one six six",
            "yes but it is two one seven 555 0166",
            "yes i can be there by nine forty five",
            "yes i can be there at nine forty five",
            "yes and i have to leave at twelve",
            "yes it is a 2018 honda civic",
            "yes my plate is k d four seven q x",
            "yes it is k d four seven q x",
            "yes the license plate is KD47QX",
            "yes my son will bring it he was born in two thousand three",
            "yes that is fine for me and my two kids",
            "yes if it will be done by noon",
            "yes i work until two",
        ] {
            assert_eq!(beside_the(Answer::Yes, text), None, "{text}");
        }
    }

    #[test]
    fn a_no_wishes_for_what_is_not_about_something_else() {
        for (text, wish) in [
            ("no it must be by noon", "by noon"),
            ("no i can be there at eleven", "eleven"),
            ("no i work until five so make it six", "six"),
            ("no can you do eleven", "eleven"),
            ("no what about thursday", "thursday"),
        ] {
            assert_eq!(beside_the(Answer::No, text), said(wish), "{text}");
        }
        for text in [
            "no it is a 2018 honda civic",
            "no my number is 217 555 0166",
            "no i need to leave at twelve",
            "no will it take until five",
        ] {
            assert_eq!(beside_the(Answer::No, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_asked_is_no_wish_unless_it_proposes() {
        let wish = |text: &str| instead(&Words::new(text));
        for text in [
            "do i need to stay for it or can i leave at twelve",
            "will it be done by noon",
            "is that the same place as at five",
            "can i pick it up at five",
            "my number is two one seven five five five oh one six six",
        ] {
            assert_eq!(wish(text), None, "{text}");
        }
        for (text, time) in [
            ("can you do eleven", "eleven"),
            ("could i come at eleven", "eleven"),
            ("how about eleven", "eleven"),
            ("is eleven possible", "eleven"),
            ("make that one thirty", "one thirty"),
            ("wait make that one thirty", "one thirty"),
            ("actually one thirty", "one thirty"),
            ("the c r v two p m", "two p m"),
            ("december fifteen at ten", "december fifteen at ten"),
        ] {
            assert_eq!(wish(text), said(time), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_read_without_a_panic(text in "\\PC{0,80}") {
            let words = Words::new(&text);
            let _ = (instead(&words), beside(&words, Answer::Yes), beside(&words, Answer::No));
        }
    }
}
