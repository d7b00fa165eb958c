//! Proof of who calls, before anything of the record is read, moved or cancelled.
//!
//! Which account: by the caller's number, a spoken one, or a name. Then the date of birth, or whatever
//! the location takes for a proof. The tools decide whether it matches and how often one may try; here
//! it is only asked for.

use jiff::Zoned;
use storage::location::Proof;

use super::RuleBrain;
use crate::dialogue::limits::LOOKUP_MISSES;
use crate::dialogue::state::{Errand, Proving, State};
use crate::dialogue::turn::Turn;
use crate::dialogue::{TransferReason, phrases};
use crate::nlu::name::Name;
use crate::tools::lookup_customer::Lookup;
use crate::tools::search_customers_by_name::Found;
use crate::tools::{
    Answer, ToolCall, ToolError, ToolOutcome, get_upcoming_appointments, lookup_customer,
    search_customers_by_name, verify_customer,
};

impl RuleBrain {
    /// An errand on the record: at once for a verified caller, after proof for any other. What was
    /// booked in this call needs no proof, where it is pointed at ("move it") or where nothing is on
    /// file that could be one. `points_back`: the caller speaks of what was just talked about.
    pub(super) fn on_record(&mut self, errand: Errand, points_back: bool, now: &Zoned) -> State {
        if self.is_proved_for(&errand) {
            return self.read_record(errand);
        }
        if let Some(visit) = &self.known.reminded {
            // We called about it, so there is nothing to prove.
            return self.about(errand, visit.clone(), now);
        }
        let unprovable = self.next_proof(&errand).is_none();
        if let ([visit], true) = (self.known.booked.as_slice(), points_back) {
            // It was read out a moment ago.
            return self.about(errand, visit.clone(), now);
        }
        if !self.known.booked.is_empty() && (points_back || unprovable) {
            return self.appointments(errand, self.known.booked.clone(), now);
        }
        if unprovable {
            self.say(phrases::NOTHING_TO_VERIFY_BY);
            return self.escalate(TransferReason::Complex);
        }
        let step = match self.next_proof(&errand) {
            Some(proof) if self.known.caller.is_some() => Proving::Proof(proof),
            _ => Proving::Number { misses: 0 },
        };
        self.enter(State::Verification { errand, step }, now)
    }

    fn is_proved_for(&self, errand: &Errand) -> bool {
        let policy = &self.location.verification;
        let caller = self.known.caller.as_ref();
        let given = caller.map_or(0, |caller| policy.counted(&caller.proofs.given));
        self.known.verified && given >= policy.needs(errand.action())
    }

    /// What to ask for next; nothing where all that is on file would not be enough. Of whoever is not
    /// known yet, the first that the location takes.
    fn next_proof(&self, errand: &Errand) -> Option<Proof> {
        let policy = &self.location.verification;
        match &self.known.caller {
            None => policy.proofs.first().copied(),
            Some(caller) if caller.proofs.on_file.len() < policy.needs(errand.action()) => None,
            Some(caller) => caller.proofs.next(),
        }
    }

    /// Asks for the next proof, or hands over to a human where there is none to ask for.
    fn ask_for_proof(&mut self, errand: Errand, now: &Zoned) -> State {
        let Some(proof) = self.next_proof(&errand) else {
            self.say(phrases::NOTHING_TO_VERIFY_BY);
            return self.escalate(TransferReason::Complex);
        };
        let step = Proving::Proof(proof);
        self.enter(State::Verification { errand, step }, now)
    }

    fn read_record(&mut self, errand: Errand) -> State {
        let Some(caller) = &self.known.caller else {
            return self.escalate(TransferReason::Trouble);
        };
        let read = ToolCall::GetUpcomingAppointments(get_upcoming_appointments::Arguments {
            customer_id: caller.customer_id,
        });
        let step = Proving::Reading(self.run(read));
        State::Verification { errand, step }
    }

    /// The caller's words while proof is asked for.
    pub(super) fn prove(
        &mut self,
        errand: Errand,
        step: Proving,
        turn: Turn,
        now: &Zoned,
    ) -> State {
        let step = match (step, turn) {
            (
                Proving::Number { misses },
                Turn {
                    phone: Some(number),
                    ..
                },
            ) => match number {
                Ok(phone) => Proving::LookingUp {
                    tool: self.run(ToolCall::LookupCustomer(lookup_customer::Arguments {
                        phone_number: phone.as_str().to_owned(),
                    })),
                    misses,
                },
                Err(_) => {
                    self.say(phrases::NO_SUCH_NUMBER);
                    let step = Proving::Number { misses };
                    return self.enter(State::Verification { errand, step }, now);
                }
            },
            (
                Proving::Name { said, misses },
                Turn {
                    name: Some(name), ..
                },
            ) => match name.or(said) {
                Name {
                    first: Some(first_name),
                    last: Some(last_name),
                } => Proving::Searching {
                    tool: self.run(ToolCall::SearchCustomersByName(
                        search_customers_by_name::Arguments {
                            first_name,
                            last_name,
                        },
                    )),
                    misses,
                },
                said => {
                    let step = Proving::Name { said, misses };
                    return self.enter(State::Verification { errand, step }, now);
                }
            },
            (Proving::Proof(asked), turn) => match self.given(asked, turn) {
                Some(proof) => Proving::Checking(self.run(ToolCall::VerifyCustomer(proof))),
                None => {
                    let step = Proving::Proof(asked);
                    return self.missed(State::Verification { errand, step }, now);
                }
            },
            (step, _) => return self.missed(State::Verification { errand, step }, now),
        };
        State::Verification { errand, step }
    }

    /// The proof that was asked for, or another that the location takes.
    fn given(&self, asked: Proof, turn: Turn) -> Option<verify_customer::Arguments> {
        use verify_customer::Arguments;
        let takes = |proof: &Proof| self.location.verification.proofs.contains(proof);
        let mut turn = turn;
        let mut of = |proof| match proof {
            Proof::DateOfBirth => turn.born.map(Arguments::DateOfBirth),
            Proof::Address => turn.address.take().map(Arguments::Address),
            Proof::Vin => turn.vin.take().map(Arguments::Vin),
        };
        let any = [asked, Proof::DateOfBirth, Proof::Address, Proof::Vin];
        any.into_iter().filter(takes).find_map(&mut of)
    }

    /// The book's answer while proof is asked for.
    pub(super) fn proving(
        &mut self,
        errand: Errand,
        step: Proving,
        outcome: ToolOutcome,
        now: &Zoned,
    ) -> State {
        self.known.learn(&outcome);
        match (step, outcome) {
            (Proving::LookingUp { .. }, Ok(Answer::Customer(Lookup::Found(_)))) => {
                self.on_record(errand, false, now)
            }
            (Proving::Searching { .. }, Ok(Answer::Customers(Found { found: true }))) => {
                self.ask_for_proof(errand, now)
            }
            (Proving::LookingUp { misses, .. } | Proving::Searching { misses, .. }, Ok(_)) => {
                self.no_account(errand, misses + 1, now)
            }
            (Proving::Checking(_), Ok(Answer::Verified(_))) => {
                self.repair.moved_on();
                self.say(phrases::VERIFIED);
                if self.is_proved_for(&errand) {
                    return self.read_record(errand);
                }
                self.ask_for_proof(errand, now)
            }
            (Proving::Checking(_), Err(ToolError::WrongAnswer { .. })) => {
                self.say(phrases::WRONG_PROOF);
                self.ask_for_proof(errand, now)
            }
            // It was no address or no VIN at all.
            (Proving::Checking(_), Err(ToolError::BadArgument { .. })) => {
                self.ask_for_proof(errand, now)
            }
            (_, Err(ToolError::TooManyFailures)) => {
                self.say(phrases::CANNOT_VERIFY);
                self.escalate(TransferReason::NotUnderstood)
            }
            (Proving::Reading(_), Ok(Answer::Upcoming(visits))) => {
                self.appointments(errand, visits, now)
            }
            (_, Err(ToolError::TooManyLookups)) => self.escalate(TransferReason::NotUnderstood),
            _ => self.escalate(TransferReason::Trouble),
        }
    }

    /// No account was found: something else is asked for, then a human.
    fn no_account(&mut self, errand: Errand, misses: u8, now: &Zoned) -> State {
        if misses >= LOOKUP_MISSES {
            self.say(phrases::NOBODY_LIKE_THAT);
            return self.escalate(TransferReason::NotUnderstood);
        }
        self.say(phrases::NO_ACCOUNT);
        let step = Proving::Name {
            said: Name::default(),
            misses,
        };
        self.enter(State::Verification { errand, step }, now)
    }
}
