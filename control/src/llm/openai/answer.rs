//! One answer: the race until somebody speaks, then what is said, to its end. One task.

use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use pipeline::time::Mono;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep};

use super::Account;
use super::attempt::{AttemptError, Speaking, begin};
use super::tally::Tally;
use crate::limits::LLM_ATTEMPTS;
use crate::llm::fallback::{Order, Race};
use crate::llm::{Answer, Failure, Request};

/// Answers `request`, until nobody listens any more.
pub(super) async fn answer(account: Arc<Account>, request: Request, answers: mpsc::Sender<Answer>) {
    let asked = Mono::now();
    let has_fallback = account.config.fallback_model.is_some();
    let mut race = Race::new(account.config.deadlines, has_fallback, asked);
    let last = match first_word(&account, &mut race, &request).await {
        Ok((speaking, tally)) => {
            account.metrics.llm().first_token(Mono::now().since(asked));
            drop(request);
            speak(&account, &mut race, speaking, tally, &answers).await
        }
        Err(failure) => Some(Answer::Failed(failure)),
    };
    if let Some(last) = last {
        // Nobody listens any more where this fails.
        drop(answers.send(last).await);
    }
}

/// Lets attempts race until one of them speaks; the others are cancelled.
async fn first_word<'a>(
    account: &'a Account,
    race: &mut Race,
    request: &Request,
) -> Result<(Speaking<'a>, Tally<'a>), Failure> {
    let mut tallies = [const { None }; LLM_ATTEMPTS];
    let mut attempts = FuturesUnordered::new();
    let mut lane = None;
    let mut alarm = pin!(sleep(std::time::Duration::ZERO));
    loop {
        let now = Mono::now();
        while let Some(order) = race.poll(now, |role| account.breaker(role).admits(now)) {
            let (attempt, role) = match order {
                Order::Start { attempt, role } => (attempt, role),
                Order::Fail(failure) => {
                    let late = tallies.into_iter().flatten();
                    late.for_each(|tally: Tally<'_>| tally.failed(&failure));
                    return Err(failure);
                }
            };
            if attempt > 0 {
                account.hindered();
            }
            let taken = account.lanes.take(lane);
            lane = Some(taken.number);
            tallies[attempt] = Some(Tally::new(account, role));
            attempts.push(async move { (attempt, begin(account, role, taken, request).await) });
        }
        set(alarm.as_mut(), race, now);
        tokio::select! {
            biased;
            Some((attempt, outcome)) = attempts.next(), if !attempts.is_empty() => {
                let now = Mono::now();
                let Some(tally) = tallies[attempt].take() else { continue };
                match outcome {
                    Ok(speaking) => {
                        race.handle_spoke(now);
                        let slower = tallies.into_iter().flatten();
                        slower.for_each(|slower| slower.overtaken_by(&tally));
                        tally.spoke();
                        return Ok((speaking, tally));
                    }
                    Err(error) => {
                        let setback = error.setback();
                        tally.failed(&setback.failure);
                        race.handle_setback(attempt, setback, now);
                    }
                }
            }
            () = alarm.as_mut() => {}
        }
    }
}

/// Hands on what is said, and returns the last of it; `None` where nobody listens.
async fn speak(
    account: &Account,
    race: &mut Race,
    mut speaking: Speaking<'_>,
    tally: Tally<'_>,
    answers: &mpsc::Sender<Answer>,
) -> Option<Answer> {
    let mut alarm = pin!(sleep(std::time::Duration::ZERO));
    loop {
        if let Some(words) = speaking.take_words() {
            answers.send(Answer::Text(words)).await.ok()?;
        }
        if speaking.is_whole() {
            return Some(last_piece(account, speaking, tally).await);
        }
        // Only the vendor's time counts, not that of a dialogue which is slow to listen.
        race.handle_alive(Mono::now());
        if let Err(failure) = more(race, &mut speaking, alarm.as_mut()).await {
            tally.failed(&failure);
            // Words that came with the failure are words nevertheless.
            if let Some(words) = speaking.take_words() {
                answers.send(Answer::Text(words)).await.ok()?;
            }
            return Some(Answer::Failed(failure));
        }
    }
}

/// Waits for more, within the deadlines.
async fn more(
    race: &mut Race,
    speaking: &mut Speaking<'_>,
    mut alarm: Pin<&mut Sleep>,
) -> Result<(), Failure> {
    loop {
        tokio::select! {
            biased;
            read = speaking.read() => return read.map_err(|error| error.failure()),
            () = alarm.as_mut() => {
                let now = Mono::now();
                if let Some(Order::Fail(failure)) = race.poll(now, |_| false) {
                    return Err(failure);
                }
                // The alarm is set anew only when it rings, not for every piece.
                set(alarm.as_mut(), race, now);
            }
        }
    }
}

async fn last_piece(account: &Account, speaking: Speaking<'_>, tally: Tally<'_>) -> Answer {
    let ended = speaking
        .end()
        .await
        .map_err(|error: AttemptError| error.failure());
    match ended {
        Ok(ended) => {
            tally.ended(if ended.cut { "cut" } else { "finished" });
            if let Some(usage) = ended.usage {
                account.count_tokens(usage);
            }
            Answer::Finished {
                tool_calls: ended.tool_calls,
                cut: ended.cut,
                usage: ended.usage,
            }
        }
        Err(failure) => {
            tally.failed(&failure);
            Answer::Failed(failure)
        }
    }
}

fn set(alarm: Pin<&mut Sleep>, race: &Race, now: Mono) {
    if let Some(deadline) = race.deadline() {
        alarm.reset(Instant::now() + deadline.since(now));
    }
}
