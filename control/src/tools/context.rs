//! Who is calling, and how sure of it we are.

use storage::appointment::AppointmentId;
use storage::call_log::Outcome;
use storage::customer::{CustomerId, Phone};
use storage::location::{Action, Proof, Verification};
use storage::reminder;

use super::book_appointment;
use super::error::ToolError;
use super::limits::{BOOKINGS_PER_CALL, LOOKUPS_PER_CALL, VERIFICATION_FAILURES};

/// How sure we are of who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// Nobody is bound to this call.
    None,
    /// A number, from the network or spoken, found an account. Anyone can claim a number.
    Claimed,
    /// The caller knew what only the customer knows, and enough of it to hear what is on record.
    Verified,
}

/// What the tools know of one call. The session owns it; no dialogue can write it.
#[derive(Debug)]
pub struct CallContext {
    call_sid: String,
    /// How often the caller came back from a human who did not answer: each time a context begins.
    returns: u8,
    claimed_number: Option<Phone>,
    identity: Identity,
    /// The account that was made in this call.
    created: Option<CustomerId>,
    /// Whom the caller says they are not; at most one for each lookup.
    denied: Vec<CustomerId>,
    verification_failures: u8,
    lookups: u8,
    bookings: Vec<Booking>,
    /// What was booked in this call, which its caller may hear of and change without proof.
    booked: Vec<AppointmentId>,
    /// What we called about. Whoever answers the number on file may hear of it and change it, and
    /// nothing else.
    reminds_of: Option<AppointmentId>,
    /// The visit that we called about.
    follows_up: Option<AppointmentId>,
    reminder_outcome: Option<reminder::Outcome>,
    opted_out: bool,
    /// Something was suggested, or there was nothing to suggest.
    suggested: bool,
    settled: Option<Settled>,
    needs_human: bool,
}

/// What the call achieved last, for its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub outcome: Outcome,
    pub appointment: AppointmentId,
}

#[derive(Debug)]
enum Identity {
    Unknown,
    /// A name found these; a verification may tell which of them is calling.
    Namesakes(Vec<CustomerId>),
    Claimed(CustomerId),
    Proved {
        customer: CustomerId,
        /// Each kind once.
        by: Vec<Proof>,
        /// Enough to hear what is on record.
        verified: bool,
    },
}

/// A booking asked for in this call. Its place in the list is part of its idempotency key, so that
/// the same request again is the same booking.
#[derive(Debug)]
enum Booking {
    Asked(Box<book_appointment::Arguments>),
    /// Since moved or cancelled, or never made because its key is another appointment's: the same
    /// words now ask for a new booking.
    Spent,
}

impl CallContext {
    /// The context of a call that has just begun. `claimed_number` is the caller's number as the
    /// network gave it, absent where it was withheld or invalid.
    #[must_use]
    pub fn new(call_sid: impl Into<String>, claimed_number: Option<Phone>) -> Self {
        Self {
            call_sid: call_sid.into(),
            returns: 0,
            claimed_number,
            identity: Identity::Unknown,
            created: None,
            denied: Vec::new(),
            verification_failures: 0,
            lookups: 0,
            bookings: Vec::new(),
            booked: Vec::new(),
            reminds_of: None,
            follows_up: None,
            reminder_outcome: None,
            opted_out: false,
            suggested: false,
            settled: None,
            needs_human: false,
        }
    }

    /// The context of a further part of a call, whose caller has come back so many times.
    #[must_use]
    pub fn returned(self, returns: u8) -> Self {
        Self { returns, ..self }
    }

    /// The context of a call that we have placed to remind of this appointment.
    #[must_use]
    pub fn reminding(self, appointment: AppointmentId) -> Self {
        Self {
            reminds_of: Some(appointment),
            ..self
        }
    }

    /// The context of a call that we have placed to ask how this visit was.
    #[must_use]
    pub fn following_up(self, visit: AppointmentId) -> Self {
        Self {
            follows_up: Some(visit),
            ..self
        }
    }

    /// The visit that this call was placed for.
    #[must_use]
    pub fn follows_up(&self) -> Option<AppointmentId> {
        self.follows_up
    }

    #[must_use]
    pub fn call_sid(&self) -> &str {
        &self.call_sid
    }

    #[must_use]
    pub fn claimed_number(&self) -> Option<&Phone> {
        self.claimed_number.as_ref()
    }

    #[must_use]
    pub fn assurance(&self) -> Assurance {
        match self.identity {
            Identity::Unknown | Identity::Namesakes(_) => Assurance::None,
            Identity::Proved { verified: true, .. } => Assurance::Verified,
            Identity::Claimed(_) | Identity::Proved { .. } => Assurance::Claimed,
        }
    }

    /// The customer bound to this call, claimed or verified.
    #[must_use]
    pub fn customer(&self) -> Option<CustomerId> {
        match self.identity {
            Identity::Claimed(id) | Identity::Proved { customer: id, .. } => Some(id),
            Identity::Unknown | Identity::Namesakes(_) => None,
        }
    }

    /// What the call achieved last of the appointment that it was placed for.
    #[must_use]
    pub fn reminder_outcome(&self) -> Option<reminder::Outcome> {
        if self.opted_out {
            return Some(reminder::Outcome::OptedOut);
        }
        self.reminder_outcome
    }

    /// Whatever else the call achieves, this became of what it was placed for.
    fn conclude(&mut self, appointment: AppointmentId, outcome: reminder::Outcome) {
        if self.reminds_of == Some(appointment) {
            self.reminder_outcome = Some(outcome);
        }
    }

    /// The appointment that this call was placed for.
    #[must_use]
    pub fn reminds_of(&self) -> Option<AppointmentId> {
        self.reminds_of
    }

    /// What the call achieved last: booked, rescheduled or cancelled.
    #[must_use]
    pub fn settled(&self) -> Option<Settled> {
        self.settled
    }

    /// Whether a tool asked for a human.
    #[must_use]
    pub fn needs_human(&self) -> bool {
        self.needs_human
    }

    /// The bound customer, if at least `needed` sure of them.
    pub(super) fn authorised(&self, needed: Assurance) -> Result<CustomerId, ToolError> {
        match self.customer() {
            None => Err(ToolError::NobodyBound),
            Some(_) if self.assurance() < needed => Err(ToolError::NotVerified),
            Some(id) => Ok(id),
        }
    }

    /// The bound customer, if they have proved enough for this.
    pub(super) fn allowed(
        &self,
        action: Action,
        policy: &Verification,
    ) -> Result<CustomerId, ToolError> {
        let customer = self.authorised(Assurance::Claimed)?;
        if policy.counted(self.proofs()) < policy.needs(action) {
            return Err(ToolError::NotVerified);
        }
        Ok(customer)
    }

    /// The bound customer, if the call may change this appointment: any of theirs where they have
    /// proved enough; else one that was booked in this very call or that we called about, by
    /// whoever is on the line.
    pub(super) fn may_change(
        &self,
        appointment: AppointmentId,
        action: Action,
        policy: &Verification,
    ) -> Result<CustomerId, ToolError> {
        if self.booked.contains(&appointment) || self.reminds_of == Some(appointment) {
            return self.authorised(Assurance::Claimed);
        }
        self.allowed(action, policy)
    }

    /// The bound customer, if the call may change what is on record of them beside appointments: the
    /// account was made in this call, or they have proved enough.
    pub(super) fn may_change_record(&self, policy: &Verification) -> Result<CustomerId, ToolError> {
        match self.customer().filter(|id| self.has_created(*id)) {
            Some(created) => Ok(created),
            None => self.allowed(Action::Change, policy),
        }
    }

    /// An account was made for the caller.
    pub(super) fn created(&mut self, customer: CustomerId) {
        self.claim(customer);
        self.created = Some(customer);
    }

    /// Whether this account was made in this call.
    pub(super) fn has_created(&self, customer: CustomerId) -> bool {
        self.created == Some(customer)
    }

    /// What the caller has proved to be the bound customer by, each kind once.
    pub(super) fn proofs(&self) -> &[Proof] {
        match &self.identity {
            Identity::Proved { by, .. } => by,
            Identity::Unknown | Identity::Namesakes(_) | Identity::Claimed(_) => &[],
        }
    }

    /// Whether something may still be suggested in this call. Asked once, it may not.
    pub(super) fn suggests(&mut self) -> bool {
        !std::mem::replace(&mut self.suggested, true)
    }

    /// Whether it was booked in this call.
    pub(super) fn has_booked(&self, appointment: AppointmentId) -> bool {
        self.booked.contains(&appointment)
    }

    /// Counts a search for an account.
    pub(super) fn count_lookup(&mut self) -> Result<(), ToolError> {
        if self.lookups >= LOOKUPS_PER_CALL {
            return Err(ToolError::TooManyLookups);
        }
        self.lookups += 1;
        Ok(())
    }

    /// A number found this account. What they have proved to be this customer by stays.
    pub(super) fn claim(&mut self, customer: CustomerId) {
        let same = matches!(self.identity, Identity::Proved { customer: id, .. } if id == customer);
        if !same {
            self.identity = Identity::Claimed(customer);
        }
    }

    /// The caller says that they are not the bound customer: nobody is bound, that account is not
    /// found again, and what was booked for it is no longer theirs to change.
    pub(super) fn disown(&mut self) {
        self.denied.extend(self.customer());
        self.identity = Identity::Unknown;
        self.created = None;
        self.booked.clear();
        self.reminds_of = None;
        self.follows_up = None;
    }

    /// Whether the caller said that they are not this customer.
    pub(super) fn is_denied(&self, customer: CustomerId) -> bool {
        self.denied.contains(&customer)
    }

    /// A name found these accounts. Nobody is bound by a name alone, and nobody is unbound.
    pub(super) fn suspect(&mut self, customers: Vec<CustomerId>) {
        if self.customer().is_none() {
            self.identity = Identity::Namesakes(customers);
        }
    }

    /// Whose answer a verification may be.
    pub(super) fn candidates(&self) -> Result<Vec<CustomerId>, ToolError> {
        if self.verification_failures >= VERIFICATION_FAILURES {
            return Err(ToolError::TooManyFailures);
        }
        match &self.identity {
            Identity::Unknown => Err(ToolError::NobodyBound),
            Identity::Namesakes(ids) => Ok(ids.clone()),
            Identity::Claimed(id) | Identity::Proved { customer: id, .. } => Ok(vec![*id]),
        }
    }

    /// The caller gave a right proof.
    pub(super) fn proved(&mut self, customer: CustomerId, proof: Proof, policy: &Verification) {
        self.claim(customer);
        let mut by = self.proofs().to_vec();
        if !by.contains(&proof) {
            by.push(proof);
        }
        let verified = policy.counted(&by) >= policy.needs(Action::Read);
        self.identity = Identity::Proved {
            customer,
            by,
            verified,
        };
    }

    /// Whether no proof that this policy asks for is left to be guessed.
    pub(super) fn has_proved_all(&self, policy: &Verification) -> bool {
        policy.counted(self.proofs()) >= policy.most_needed()
    }

    /// Counts a wrong answer and says what follows from it. Failures are the call's too, not only the
    /// account's, of whose guesses so many are `left`: naming another account does not buy new ones.
    pub(super) fn verification_failed(&mut self, left: u8) -> ToolError {
        self.verification_failures = self.verification_failures.saturating_add(1);
        match VERIFICATION_FAILURES
            .saturating_sub(self.verification_failures)
            .min(left)
        {
            0 => self.locked_out(),
            left => ToolError::WrongAnswer { left },
        }
    }

    /// Nobody is verified in this call any more.
    pub(super) fn locked_out(&mut self) -> ToolError {
        self.verification_failures = VERIFICATION_FAILURES;
        ToolError::TooManyFailures
    }

    /// The idempotency key of a booking: the call, the part of it, and the booking's number in that.
    pub(super) fn booking_key(
        &mut self,
        asked: &book_appointment::Arguments,
    ) -> Result<String, ToolError> {
        let number = match self.booking(asked) {
            Some(n) => n,
            None if self.bookings.len() >= BOOKINGS_PER_CALL => {
                return Err(ToolError::TooManyBookings);
            }
            None => {
                self.bookings.push(Booking::Asked(Box::new(asked.clone())));
                self.bookings.len() - 1
            }
        };
        Ok(format!("{}:{}:{number}", self.call_sid, self.returns))
    }

    /// The key of this booking is another appointment's: of this very part of the call, led before by
    /// a process that died. The next key is a new one.
    pub(super) fn key_is_taken(&mut self, asked: &book_appointment::Arguments) {
        if let Some(number) = self.booking(asked) {
            self.bookings[number] = Booking::Spent;
        }
    }

    /// The number of a booking that was asked for already.
    fn booking(&self, asked: &book_appointment::Arguments) -> Option<usize> {
        let mut bookings = self.bookings.iter();
        bookings.position(|b| matches!(b, Booking::Asked(a) if **a == *asked))
    }

    /// Records what was achieved. A move or a cancellation may undo a booking of this very call.
    pub(super) fn settle(&mut self, outcome: Outcome, appointment: AppointmentId) {
        match outcome {
            Outcome::Rescheduled => self.conclude(appointment, reminder::Outcome::Moved),
            Outcome::Cancelled => self.conclude(appointment, reminder::Outcome::Cancelled),
            _ => {}
        }
        if outcome == Outcome::Booked && !self.booked.contains(&appointment) {
            self.booked.push(appointment);
        }
        if matches!(outcome, Outcome::Rescheduled | Outcome::Cancelled) {
            self.bookings.fill_with(|| Booking::Spent);
        }
        self.settled = Some(Settled {
            outcome,
            appointment,
        });
    }

    /// The customer will come: the call got its answer.
    pub(super) fn confirmed(&mut self, appointment: AppointmentId) {
        self.conclude(appointment, reminder::Outcome::Confirmed);
        self.settled = Some(Settled {
            outcome: Outcome::Answered,
            appointment,
        });
    }

    pub(super) fn opted_out(&mut self) {
        self.opted_out = true;
    }

    pub(super) fn ask_for_human(&mut self) {
        self.needs_human = true;
    }
}
