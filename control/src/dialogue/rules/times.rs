//! Finding a time: from a wish to a start that is free, or to times that are.

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use storage::slots::{self, Slot};

use super::RuleBrain;
use super::waitlist::full;
use crate::dialogue::limits::{OFFERED_TIMES, SEARCH_DAYS};
use crate::dialogue::phrases;
use crate::dialogue::state::{Asks, Pick, Search, State, Task, Wish};
use crate::dialogue::turn::Turn;
use crate::nlu::date_time::{self, Candidate, Clock, Day, Half, Time, Week, When, WhenError};
use crate::nlu::yes_no::Answer;
use crate::tools::ToolCall;
use crate::tools::get_available_slots::{Arguments, Slots};

impl RuleBrain {
    /// Looks for the wished time, or asks for it.
    pub(super) fn seek(&mut self, mut task: Task, now: &Zoned) -> State {
        self.as_before(&mut task, now);
        let said = task.time().and_then(|time| time.said);
        let Some(said) = said else {
            return self.ask_when(task, Vec::new(), now);
        };
        match self.resolve(&said, now) {
            Ok(Candidate::At(start)) => {
                let day = start.date();
                self.search(task, day, day, Search::At(start))
            }
            Ok(Candidate::Within {
                first_day,
                last_day,
                from,
                to,
                latest,
            }) => {
                let pick = match said.time {
                    _ if latest => Pick::Latest,
                    Some(Time::Earliest | Time::Any) => Pick::Earliest,
                    _ => Pick::Some,
                };
                self.search(task, first_day, last_day, Search::Within { from, to, pick })
            }
            Err(WhenError::DayMissing | WhenError::NothingSaid) => {
                self.ask_when(task, Vec::new(), now)
            }
            Err(WhenError::AmbiguousHalf { am, pm }) => {
                let times = [am, pm];
                let times = times
                    .iter()
                    .filter_map(|at| self.location.at(*at))
                    .collect();
                self.ask_when(task, times, now)
            }
            Err(why) => self.impossible(task, said, &why, now),
        }
    }

    /// A wish that cannot be: says why, and looks for what can.
    fn impossible(&mut self, mut task: Task, said: When, why: &WhenError, now: &Zoned) -> State {
        let today = now.date();
        self.say(phrases::impossible(
            self.known.language,
            &self.location,
            why,
            today,
        ));
        let (near, keep) = match why {
            WhenError::Closed { date } => (Some(*date), When { day: None, ..said }),
            WhenError::Past { date } => {
                let day = said.day.filter(|_| *date == today);
                (
                    Some((*date).max(today)),
                    When {
                        day,
                        time: None,
                        choice: None,
                    },
                )
            }
            WhenError::OutsideHours { date, .. } => (Some(*date), When { time: None, ..said }),
            _ => (None, When { day: None, ..said }),
        };
        if let Some(time) = task.time() {
            time.said = (keep != When::default()).then_some(keep);
        }
        let Some(date) = near else {
            return self.ask_when(task, Vec::new(), now);
        };
        let of =
            wished_clock(said.time).and_then(|clock| self.location.at(date.to_datetime(clock)));
        self.search(task, date, date, Search::Instead { of })
    }

    /// Asks the book.
    fn search(&mut self, task: Task, from: Date, to: Date, search: Search) -> State {
        let Some(service_type) = task.service().map(str::to_owned) else {
            return State::SlotCollection {
                task,
                asks: Asks::Service,
            };
        };
        let to = to.min(from.saturating_add(SEARCH_DAYS.days()));
        let tool = self.run(ToolCall::GetAvailableSlots(Arguments {
            date: from,
            to_date: (to > from).then_some(to),
            service_type,
            location: self.place(),
        }));
        State::SlotCollection {
            task,
            asks: Asks::FreeTimes { tool, search },
        }
    }

    /// The book's answer.
    pub(super) fn free_times(
        &mut self,
        task: Task,
        search: Search,
        slots: &Slots,
        now: &Zoned,
    ) -> State {
        let mut task = task;
        let free = &slots.available_slots;
        self.note_if_full(&mut task, &search, slots);
        match search {
            Search::At(start) => {
                if free.iter().any(|slot| slot.starts_at == start) {
                    return self.take(task, start, now);
                }
                self.say(self.why_not(&task, &start, now));
                let instead = if free.is_empty() { &slots.next } else { free };
                let times = nearest(instead, Some(&start));
                self.propose(task, times, now)
            }
            Search::Within { from, to, pick } => {
                let fits = |slot: &&Slot| {
                    let time = slot.starts_at.time();
                    from <= time && time < to
                };
                let fitting: Vec<Zoned> = free
                    .iter()
                    .filter(fits)
                    .map(|slot| slot.starts_at.clone())
                    .collect();
                if fitting.is_empty() {
                    self.say(phrases::NOTHING_THEN);
                    let instead = if free.is_empty() { &slots.next } else { free };
                    let times = nearest(instead, None);
                    return self.propose(task, times, now);
                }
                self.propose(task, picked(fitting, pick), now)
            }
            Search::Instead { of } => {
                let instead = if free.is_empty() { &slots.next } else { free };
                let times = nearest(instead, of.as_ref());
                self.propose(task, times, now)
            }
        }
    }

    fn why_not(&self, task: &Task, start: &Zoned, now: &Zoned) -> String {
        let service = task.service().and_then(|key| self.location.service(key));
        match service.map(|service| slots::check(&self.location, service, start, now)) {
            Some(Err(refusal)) => phrases::refusal(
                self.known.language,
                &self.location,
                &refusal,
                task.service(),
                now,
            ),
            Some(Ok(_)) | None => phrases::taken(self.known.language, start, now.date()),
        }
    }

    /// Offers times. What the caller says next may choose among them or wish for another.
    pub(super) fn propose(&mut self, mut task: Task, mut times: Vec<Zoned>, now: &Zoned) -> State {
        times.sort();
        if let Some(time) = task.time() {
            time.start = None;
            if let Some(first) = times.first() {
                let one_day = times.iter().all(|t| t.date() == first.date());
                // "Ten thirty", said now, is on the day that is being talked about.
                time.said = one_day.then(|| When {
                    day: Some(day_of(first)),
                    ..When::default()
                });
            }
        }
        if times.is_empty() {
            self.say(phrases::NOTHING_FREE);
            if let Some(days) = full(&mut task) {
                let asks = Asks::Waitlist(days);
                return self.enter(State::SlotCollection { task, asks }, now);
            }
        }
        self.ask_when(task, times, now)
    }

    fn ask_when(&mut self, task: Task, offered: Vec<Zoned>, now: &Zoned) -> State {
        let state = State::SlotCollection {
            task,
            asks: Asks::When { offered },
        };
        self.enter(state, now)
    }

    /// The caller's words after an offer, where they are about time.
    pub(super) fn chosen_time(
        &mut self,
        task: &Task,
        offered: &[Zoned],
        turn: &Turn,
        now: &Zoned,
    ) -> Option<State> {
        let mut task = task.clone();
        let when = turn.when.map(|when| of_the_offered(offered, when));
        match (when, turn.answer) {
            (Some(when), _) => {
                if let Some(start) = self.one_of(offered, &when, now) {
                    return Some(self.take(task, start, now));
                }
                if when.day.is_none() && when.time.is_none() {
                    return None; // a choice among what was not offered
                }
                let time = task.time()?;
                time.said = Some(time.said.map_or(when, |earlier| when.or(earlier)));
                time.start = None;
                Some(self.next(task, now))
            }
            (None, Some(Answer::Yes)) => match offered {
                [one] => Some(self.take(task, one.clone(), now)),
                _ => None,
            },
            // Nothing was offered, so it is the whole that is refused.
            (None, Some(Answer::No)) if offered.is_empty() => Some(self.dropped(&task, now)),
            (None, Some(Answer::No)) => {
                *task.time()? = Wish::default();
                if let Some(days) = full(&mut task) {
                    let asks = Asks::Waitlist(days);
                    return Some(self.enter(State::SlotCollection { task, asks }, now));
                }
                self.say(phrases::ANOTHER_TIME);
                Some(self.ask_when(task, Vec::new(), now))
            }
            (None, Some(Answer::Unsure)) if offered.is_empty() => {
                let any = When {
                    time: Some(Time::Any),
                    ..When::default()
                };
                let time = task.time()?;
                time.said = Some(any.or(time.said.unwrap_or_default()));
                Some(self.next(task, now))
            }
            (None, Some(Answer::Unsure) | None) => None,
        }
    }

    /// The one offered time that these words choose.
    fn one_of(&self, offered: &[Zoned], when: &When, now: &Zoned) -> Option<Zoned> {
        if let Some(index) = when.pick(offered.len()) {
            return offered.get(index).cloned();
        }
        let on_day = |at: &Zoned| match when.day {
            None => true,
            Some(_) => {
                let day = When {
                    time: None,
                    choice: None,
                    ..*when
                };
                matches!(self.resolve(&day, now),
                    Ok(Candidate::Within { first_day, last_day, .. })
                        if (first_day..=last_day).contains(&at.date()))
            }
        };
        let at_time = |at: &Zoned| match when.time {
            None => when.day.is_some(),
            Some(Time::At(clock)) => shows(clock, at.time()),
            Some(_) => false,
        };
        let mut fitting = offered.iter().filter(|at| on_day(at) && at_time(at));
        let one = fitting.next()?;
        fitting.next().is_none().then(|| one.clone())
    }

    /// A start that is free. From here on the wish is this time, so that a correction of its day
    /// keeps its hour and the other way round.
    fn take(&mut self, mut task: Task, start: Zoned, now: &Zoned) -> State {
        if let Some(time) = task.time() {
            *time = Wish::at(start);
        }
        self.repair.moved_on();
        self.next(task, now)
    }

    /// Whether a turn names the time that the task has already.
    pub(super) fn same_time(&self, task: &Task, turn: &Turn, now: &Zoned) -> bool {
        let mut task = task.clone();
        let Some(start) = task.time().and_then(|time| time.start.clone()) else {
            return false;
        };
        let earlier = task.time().and_then(|time| time.said).unwrap_or_default();
        let only_time = turn.services.is_empty()
            && turn.vehicle.is_none()
            && turn.name.is_none()
            && turn.phone.is_none();
        only_time
            && turn.when.is_some_and(|when| {
                self.resolve(&when.or(earlier), now) == Ok(Candidate::At(start))
            })
    }

    /// "The same time next week": the clock time, and the weekday, of the appointment that is moved;
    /// where that is when it is now, the week after. A new booking has neither.
    fn as_before(&self, task: &mut Task, now: &Zoned) {
        let at = match task {
            Task::Reschedule(moved) => Some(moved.visit.scheduled_at.clone()),
            Task::Book(_) | Task::Cancel(_) => None,
        };
        let Some(said) = task.time().and_then(|time| time.said.as_mut()) else {
            return;
        };
        if said.time != Some(Time::Same) {
            return;
        }
        said.time = at.as_ref().map(|at| Time::At(clock_of(at)));
        if let (Some(Day::NextWeek), Some(at)) = (said.day, &at) {
            said.day = Some(Day::Weekday(Week::Next, at.weekday()));
            if self.resolve(said, now) == Ok(Candidate::At(at.clone())) {
                said.day = Some(day_of(&at.saturating_add(1.week())));
            }
        }
    }

    fn resolve(&self, when: &When, now: &Zoned) -> Result<Candidate, WhenError> {
        let hours = |date| self.location.hours(date).map(|h| (h.open, h.close));
        date_time::resolve(when, now, hours)
    }
}

impl Wish {
    /// For this time, as if it had been said.
    pub(in crate::dialogue) fn at(start: Zoned) -> Self {
        Self {
            said: Some(When {
                day: Some(day_of(&start)),
                time: Some(Time::At(clock_of(&start))),
                choice: None,
            }),
            start: Some(start),
        }
    }
}

/// Up to [`OFFERED_TIMES`] slots, those nearest to the wish; the first ones where there is none.
fn nearest(slots: &[Slot], wish: Option<&Zoned>) -> Vec<Zoned> {
    let mut times: Vec<Zoned> = slots.iter().map(|slot| slot.starts_at.clone()).collect();
    if let Some(wish) = wish {
        times.sort_by_key(|at| at.duration_since(wish).abs());
    }
    times.truncate(OFFERED_TIMES);
    times
}

/// Some of many times, which are in order.
fn picked(mut times: Vec<Zoned>, pick: Pick) -> Vec<Zoned> {
    match pick {
        Pick::Earliest => times.truncate(1),
        Pick::Latest => {
            times.drain(..times.len().saturating_sub(1));
        }
        Pick::Some => {
            let several_days = times
                .first()
                .zip(times.last())
                .is_some_and(|(a, b)| a.date() != b.date());
            if several_days {
                times.dedup_by_key(|at| at.date());
                times.truncate(OFFERED_TIMES);
            } else if times.len() > OFFERED_TIMES {
                let last = times.len() - 1;
                times = [0, last / 2, last]
                    .into_iter()
                    .filter_map(|i| times.get(i).cloned())
                    .collect();
            }
        }
    }
    times
}

pub(super) fn day_of(at: &Zoned) -> Day {
    Day::Date {
        year: Some(at.year()),
        month: Some(at.month()),
        day: at.day(),
        weekday: None,
    }
}

fn clock_of(at: &Zoned) -> Clock {
    let hour = at.hour();
    Clock {
        hour: if hour % 12 == 0 { 12 } else { hour % 12 },
        minute: at.minute(),
        half: Some(if hour < 12 { Half::Am } else { Half::Pm }),
    }
}

/// A weekday, said after an offer, is the one that was offered.
fn of_the_offered(offered: &[Zoned], when: When) -> When {
    let day = match when.day {
        Some(Day::Weekday(Week::Coming, weekday)) => offered
            .iter()
            .find(|at| at.weekday() == weekday)
            .map(day_of),
        _ => None,
    };
    When {
        day: day.or(when.day),
        ..when
    }
}

/// Whether a clock that shows `time` shows what was said.
fn shows(said: Clock, time: jiff::civil::Time) -> bool {
    let same_hour = match said.half {
        Some(Half::Am) => said.hour % 12 == time.hour(),
        Some(Half::Pm) => said.hour % 12 + 12 == time.hour(),
        None => said.hour % 12 == time.hour() % 12,
    };
    same_hour && said.minute == time.minute()
}

/// A time of day close to the wish, to find alternatives near it.
fn wished_clock(time: Option<Time>) -> Option<jiff::civil::Time> {
    let (Time::At(clock) | Time::After(clock) | Time::Before(clock)) = time? else {
        return None;
    };
    let hour = match clock.half {
        Some(Half::Am) => clock.hour % 12,
        // A bare hour early on the dial is one of the afternoon.
        Some(Half::Pm) => clock.hour % 12 + 12,
        None if clock.hour < 8 => clock.hour + 12,
        None => clock.hour,
    };
    jiff::civil::Time::new(hour, clock.minute, 0, 0).ok()
}
