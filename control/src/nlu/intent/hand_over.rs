//! What only a human can answer.

use crate::nlu::words::Words;

/// Someone in charge, or anyone of flesh and blood.
pub(super) fn human(words: &Words) -> bool {
    const POSTS: [&str; 8] = [
        "manager",
        "supervisor",
        "boss",
        "representative",
        "operator",
        "human",
        "real person",
        "receptionist",
    ];
    const ANYONE: [&str; 11] = [
        "someone",
        "somebody",
        "person",
        "people",
        "owner",
        "agent",
        "advisor",
        "technician",
        "mechanic",
        "human",
        "anyone",
    ];
    // "I am the office manager", "my boss said": the caller's own, not ours.
    let ours = |post: &str| {
        let own = [
            "my", "i am a", "i am the", "am an", "as a", "property", "office",
        ];
        words.has(post)
            && !own.iter().any(|own| words.has(&format!("{own} {post}")))
            && !words.has_any(&["not want to talk", "not need to talk", "not want to speak"])
    };
    let talks = words.has_any(&[
        "talk to",
        "talk with",
        "speak to",
        "speak with",
        "speaking to",
        "speaking with",
        "connect me",
        "put me through",
        "get me",
    ]);
    POSTS.iter().any(|post| ours(post))
        || (talks && ANYONE.iter().any(|who| words.has(who)))
        || words.has_any(&["transfer me", "talk to your boss", "speak to your boss"])
}

pub(super) fn upset(words: &Words) -> bool {
    // "Sue" is also a name: only the verb counts.
    const THREATS: [&str; 9] = [
        "going to sue",
        "will sue",
        "want to sue",
        "have to sue",
        "sue you",
        "sue your",
        "suing",
        "lawsuit",
        "legal action",
    ];
    const SWEARING: [&str; 5] = ["bullshit", "crap", "fucking", "goddamn", "damn"];
    const MOODS: [&str; 8] = [
        "angry",
        "furious",
        "frustrated",
        "frustrating",
        "ridiculous",
        "unacceptable",
        "fed up",
        "pissed",
    ];
    let mood = |mood: &str| words.has(mood) && !words.has(&format!("not {mood}"));
    let lawyer = ["lawyer", "attorney"].iter().any(|post| {
        words.has(post)
            && !["a", "an", "the"]
                .iter()
                .any(|a| words.has(&format!("i am {a} {post}")))
    });
    words.has_any(&THREATS)
        || lawyer
        || MOODS.iter().any(|m| mood(m))
        || SWEARING.iter().any(|s| words.has(&format!("this is {s}")))
        || words.has_any(&["this is so damn", "bullshit", "fucking"])
}

pub(super) fn complaint(words: &Words) -> bool {
    if words.has_any(&[
        "complaint",
        "complain",
        "complaining",
        "unhappy",
        "dissatisfied",
        "not happy with",
        "not satisfied",
        "never coming back",
        "never come back",
        "never using",
        "bad experience",
        "terrible service",
        "awful service",
        "horrible service",
        "poor service",
        "bad service",
    ]) {
        return true;
    }
    // "The last time was terrible", not "since the last service there is a terrible noise".
    ["last time", "last service", "last visit"]
        .iter()
        .any(|last| {
            words.after(last).is_some_and(|at| {
                let rest = words.slice(at, words.len());
                ["terrible", "awful", "horrible", "bad", "poor", "a disaster"]
                    .iter()
                    .any(|bad| {
                        [
                            "was",
                            "was so",
                            "was really",
                            "was very",
                            "you did a",
                            "it was",
                        ]
                        .iter()
                        .any(|was| rest.has(&format!("{was} {bad}")))
                    })
            })
        })
}

pub(super) fn complex(words: &Words) -> bool {
    let disputes = words.has_any(&["why was", "why did", "why were", "why am"])
        && words.has_any(&[
            "charge", "charged", "cost", "price", "pay", "bill", "billed",
        ]);
    disputes
        || words.has_any(&[
            "is my car ready",
            "is my truck ready",
            "my car is ready",
            "is it ready",
            "status of my",
            "running late",
            "warranty",
            "insurance",
            "discount",
            "special case",
            "an exception",
            "refund",
        ])
}
