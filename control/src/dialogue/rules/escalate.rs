//! Handing over to a human: what the caller is told.

use crate::dialogue::TransferReason;

pub(in crate::dialogue) fn words(reason: TransferReason) -> &'static str {
    match reason {
        TransferReason::Requested => {
            "Of course. I will connect you with one of my colleagues. One moment, please."
        }
        TransferReason::Upset | TransferReason::Complaint => {
            "I am sorry about that. I will connect you with someone who can put it right. \
             One moment, please."
        }
        TransferReason::Complex => {
            "That is a question for one of my colleagues. I will connect you. One moment, please."
        }
        TransferReason::NotUnderstood => {
            "I am sorry, I am having trouble helping you. I will connect you with one of my \
             colleagues. One moment, please."
        }
        TransferReason::Trouble => {
            "I am sorry, I cannot reach our appointment book right now. I will connect you with \
             one of my colleagues. One moment, please."
        }
    }
}
