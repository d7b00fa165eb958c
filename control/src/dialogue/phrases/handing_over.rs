//! Handing over to a human: what the caller is told.

use super::{Phrase, phrases};
use crate::dialogue::TransferReason;

phrases! {
    REQUESTED: "Of course. I will connect you with one of my colleagues. One moment, please.",
        "Por supuesto. Le comunico con uno de mis colegas. Un momento, por favor.";
    PUT_RIGHT: "I am sorry about that. I will connect you with someone who can put it right. One \
        moment, please.",
        "Lo lamento mucho. Le comunico con alguien que lo puede resolver. Un momento, por favor.";
    FOR_A_COLLEAGUE:
        "That is a question for one of my colleagues. I will connect you. One moment, please.",
        "Esa es una pregunta para uno de mis colegas. Le comunico. Un momento, por favor.";
    TROUBLE_HELPING: "I am sorry, I am having trouble helping you. I will connect you with one of \
        my colleagues. One moment, please.",
        "Lo siento, no logro ayudarle. Le comunico con uno de mis colegas. Un momento, por favor.";
    NO_BOOK: "I am sorry, I cannot reach our appointment book right now. I will connect you with \
        one of my colleagues. One moment, please.",
        "Lo siento, en este momento no puedo consultar las citas. Le comunico con uno de mis \
        colegas. Un momento, por favor.";
}

pub(in crate::dialogue) fn handing_over(reason: TransferReason) -> Phrase {
    match reason {
        TransferReason::Requested => REQUESTED,
        TransferReason::Upset | TransferReason::Complaint => PUT_RIGHT,
        TransferReason::Complex => FOR_A_COLLEAGUE,
        TransferReason::NotUnderstood => TROUBLE_HELPING,
        TransferReason::Trouble => NO_BOOK,
    }
}
