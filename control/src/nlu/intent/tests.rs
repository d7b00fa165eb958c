use super::*;

fn intent(text: &str) -> Option<Intent> {
    parse(text, Vocabulary::standard()).map(|request| request.intent)
}

#[test]
fn requests_and_questions_are_told_apart() {
    for (text, expected) in [
        ("i would like to schedule an oil change", Intent::Book),
        ("can you fit me in", Intent::Book),
        ("someone told me my car is part of a recall", Intent::Book),
        ("please take care of my brakes", Intent::Book),
        (
            "i would like to reschedule my appointment",
            Intent::Reschedule,
        ),
        (
            "i need to move my appointment to friday",
            Intent::Reschedule,
        ),
        ("i'd like to change my appointment", Intent::Reschedule),
        ("i need to cancel my appointment please", Intent::Cancel),
        ("when is my appointment", Intent::CheckAppointment),
        (
            "do i have an appointment tomorrow",
            Intent::CheckAppointment,
        ),
        ("what are your hours on saturday", Intent::Hours),
        ("are you guys open on sunday at all", Intent::Hours),
        ("when do you guys close", Intent::Hours),
        ("where are you located exactly", Intent::Location),
        ("how do i get there", Intent::Location),
        ("how much is an oil change", Intent::Price),
        ("what does a brake job cost", Intent::Price),
        ("how long does an oil change take", Intent::Duration),
        ("how much time does it take", Intent::Duration),
        ("how much is it and how long does it take", Intent::Price),
        ("can you repeat that please", Intent::Repeat),
        ("what", Intent::Repeat),
        ("hang on let me check", Intent::Wait),
        ("start over", Intent::StartOver),
        ("never mind", Intent::NeverMind),
        ("cancel that", Intent::NeverMind),
        ("thanks a lot goodbye", Intent::Goodbye),
        ("okay take care", Intent::Goodbye),
        ("thank you very much", Intent::Thanks),
        ("good morning", Intent::Greeting),
    ] {
        assert_eq!(intent(text), Some(expected), "{text}");
    }
    assert_eq!(intent("do you have anything open after work"), None);
    assert_eq!(intent("yes"), None);
    assert_eq!(intent(""), None);
}

#[test]
fn a_text_message_is_asked_for_in_many_ways() {
    for (text, expected) in [
        ("can you text me that", Some(Intent::TextThat)),
        ("could you send it to my phone", Some(Intent::TextThat)),
        ("send me the details please", Some(Intent::TextThat)),
        ("can you text me the address", Some(Intent::TextAddress)),
        ("please send me your hours", Some(Intent::TextAddress)),
        ("text me when it is ready", None),
        ("you did not text me back", None),
        ("stop texting me", Some(Intent::StopCalling)),
        ("do not text me", Some(Intent::StopCalling)),
        ("can you send me a mechanic", None),
    ] {
        assert_eq!(intent(text), expected, "{text}");
    }
}

#[test]
fn a_caller_who_wants_or_needs_a_human_gets_one() {
    for (text, expected) in [
        ("i want to speak to a manager", Intent::Human),
        ("can i just talk to a real person please", Intent::Human),
        ("representative", Intent::Human),
        ("let me talk to somebody", Intent::Human),
        ("just let me talk to your boss", Intent::Human),
        ("transfer me", Intent::Human),
        ("this is ridiculous", Intent::Upset),
        ("i'm so frustrated with you", Intent::Upset),
        ("i'm going to sue you", Intent::Upset),
        ("you will hear from my lawyer", Intent::Upset),
        ("this is bullshit", Intent::Upset),
        ("i want to make a complaint", Intent::Complaint),
        ("last time it was terrible", Intent::Complaint),
        ("i am never coming back", Intent::Complaint),
        ("is it covered by the warranty", Intent::Complex),
        ("hi is my car ready yet", Intent::Complex),
        ("i'm running late for my appointment", Intent::Complex),
        ("why was i charged so much", Intent::Complex),
    ] {
        assert_eq!(intent(text), Some(expected), "{text}");
        assert!(expected.escalates() && expected.is_global());
    }
}

#[test]
fn innocent_words_do_not_escalate() {
    for text in [
        "my name is sue",
        "this is sue johnson",
        "it's for my wife sue",
        "please take care of your brakes",
        "there is a terrible noise since the last service",
        "i am the owner of the car",
        "i am a lawyer",
        "my boss needs his car inspected",
        "i'm not angry",
        "i need a person's car serviced",
        "i manage it",
    ] {
        assert!(
            intent(text).is_none_or(|intent| !intent.escalates()),
            "{text}"
        );
    }
}
