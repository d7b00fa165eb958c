//! What the tools have told a dialogue, whichever brain leads it.

use storage::Language;
use storage::customer::Phone;

use super::ToolId;
use crate::nlu::denial;
use crate::tools::lookup_customer::{Caller, Lookup};
use crate::tools::visit::Visit;
use crate::tools::{Answer, ToolOutcome};

/// Carried from brain to brain when another takes the lead.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// In which the caller is answered.
    pub(super) language: Language,
    /// The caller's number as the network gave it.
    pub(super) number: Option<Phone>,
    /// Who calls.
    pub(super) caller: Option<Caller>,
    pub(super) verified: bool,
    /// The caller is not whom their number stands for.
    pub(super) denied: bool,
    /// What was booked in this call and still stands.
    pub(super) booked: Vec<Visit>,
    /// What was cancelled last in this call, until something is booked.
    pub(super) cancelled: Option<Visit>,
    /// What this call was placed for, as long as it stands.
    pub(super) reminded: Option<Visit>,
    /// The visit that this call was placed to ask about.
    pub(super) visited: Option<Visit>,
    /// Key of the location that the caller has named, where it is not the one they dialled.
    pub(super) place: Option<String>,
    /// Something was suggested in this call, or there was nothing to suggest.
    pub(super) suggested: bool,
    tools_run: u32,
}

impl Known {
    /// Of a call that begins in this language.
    pub(super) fn speaking(language: Language) -> Self {
        Self {
            language,
            ..Self::default()
        }
    }

    /// Names the next tool of this call.
    pub(super) fn next_tool(&mut self) -> ToolId {
        self.tools_run += 1;
        ToolId(self.tools_run)
    }

    /// Takes in what a tool answered.
    pub(super) fn learn(&mut self, outcome: &ToolOutcome) {
        match outcome {
            Ok(Answer::Customer(Lookup::Found(caller))) => {
                let same = self.caller.as_ref().map(|known| known.customer_id);
                self.verified &= same == Some(caller.customer_id);
                self.caller = Some(caller.clone());
            }
            Ok(Answer::Verified(caller)) => {
                // What is on record is told where the proofs are enough for it.
                self.verified = caller.vehicles.is_some();
                self.caller = Some(caller.clone());
            }
            Ok(Answer::Forgotten) => self.disown(),
            Ok(Answer::Booked(visit)) => {
                self.forget(visit);
                self.cancelled = None;
                self.booked.push(visit.clone());
            }
            Ok(Answer::Rescheduled(moved)) => {
                let is_it = |own: &&mut Visit| own.appointment_id == moved.visit.appointment_id;
                for own in self
                    .booked
                    .iter_mut()
                    .chain(&mut self.reminded)
                    .filter(is_it)
                {
                    *own = moved.visit.clone();
                }
            }
            Ok(Answer::Reminding(reminded)) => {
                self.caller = Some(reminded.customer.clone());
                self.reminded = Some(reminded.visit.clone());
            }
            Ok(Answer::Cancelled(visit)) => {
                self.forget(visit);
                self.cancelled = Some(visit.clone());
            }
            Ok(Answer::FollowingUp(visited)) => {
                self.caller = Some(visited.customer.clone());
                self.visited = Some(visited.visit.clone());
            }
            Ok(Answer::Suggestion(_)) => self.suggested = true,
            Ok(
                Answer::Customer(Lookup::NotFound)
                | Answer::Customers(_)
                | Answer::Vehicle(_)
                | Answer::Decoded(_)
                | Answer::Slots(_)
                | Answer::Upcoming(_)
                | Answer::Confirmed(_)
                | Answer::Waiting(_)
                | Answer::RemindersStopped
                | Answer::Texted(_)
                | Answer::Transferring(_)
                | Answer::Ending,
            )
            | Err(_) => {}
        }
    }

    /// Whether we placed this call, as far as the book has told.
    pub(super) fn is_our_call(&self) -> bool {
        self.reminded.is_some() || self.visited.is_some()
    }

    /// The caller is somebody else: what was known of them is not known.
    pub(super) fn disown(&mut self) {
        self.caller = None;
        self.verified = false;
        self.number = None;
        self.booked.clear();
        self.cancelled = None;
        self.reminded = None;
        self.visited = None;
        self.denied = true;
    }

    /// Whether the caller says that they are not whom they are taken for.
    pub(super) fn is_denied_by(&self, text: &str) -> bool {
        let caller = self.caller.as_ref();
        caller.is_some_and(|caller| denial::denies(text, &caller.first_name))
    }

    fn forget(&mut self, visit: &Visit) {
        let another = |own: &Visit| own.appointment_id != visit.appointment_id;
        self.booked.retain(another);
        self.reminded.take_if(|own| !another(own));
    }
}
