//! A whole call, from dialling to the last TwiML verb.

use std::time::Duration;

use reqwest::Url;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::limits::{FEED_DRAIN, MAX_CALL, MAX_DOCUMENTS};
use super::live::{FromFeed, Live};
use super::record::{CallRecord, Ending, Happened, Happening};
use super::stream::{self, Mind, Speaking, StreamEnd, StreamError, Streamed};
use super::twiml::Verb;
use super::voice::Repertoire;
use super::webhook::{Network, WebhookError, Webhooks, root_cause};
use super::wire::Identity;
use crate::telephony::signature;

/// What it takes to call.
#[derive(Debug)]
pub struct CallPlan {
    /// What to call it on a page.
    pub title: String,
    /// The webhook that is asked first: the inbound-call one, or what the agent gave for a call of
    /// its own.
    pub webhook: Url,
    pub network: Network,
    pub from: String,
    pub to: String,
    pub mind: Mind,
    pub repertoire: Repertoire,
    /// The call is given up after this long; at most [`MAX_CALL`].
    pub patience: Duration,
    /// Cancelled when the caller is to hang up, whatever the mind is about.
    pub hang_up: CancellationToken,
    /// For the agent's API, where it asks for one.
    pub token: Option<String>,
}

/// Why a call did not come about.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error("HTTP client: {0}")]
    Http(String),
    #[error("the call ended before any media: {0}")]
    NoMedia(Ending),
}

/// Places a call and stays on the line until it is over. `watch` sees everything as it happens.
///
/// # Errors
/// [`CallError`] where no media stream came about. What goes wrong later is the record's ending.
pub async fn place(
    plan: CallPlan,
    mut watch: impl FnMut(&Happened) + Send,
) -> Result<CallRecord, CallError> {
    let deadline = Instant::now() + plan.patience.min(MAX_CALL);
    let http = reqwest::Client::builder()
        .build()
        .map_err(|error| CallError::Http(root_cause(&error)))?;
    let identity = new_identity(&plan.network);
    let call_sid = identity.call_sid.clone();
    let mut happened: Vec<Happened> = Vec::new();
    let mut tell = |event: Happened| {
        watch(&event);
        happened.push(event);
    };
    tell(Happened {
        at: Duration::ZERO,
        what: Happening::Dialling {
            from: plan.from.clone(),
            to: plan.to.clone(),
        },
    });
    let live = Live::new(http.clone(), &plan.webhook, &call_sid, plan.token);
    let mut call = Call {
        webhooks: Webhooks::new(
            http,
            plan.network.clone(),
            identity.clone(),
            &plan.from,
            &plan.to,
        ),
        network: plan.network,
        identity,
        live,
        speaking: Some((plan.mind, plan.repertoire)),
        deadline,
        hang_up: plan.hang_up,
        streamed: None,
    };
    let followed = timeout_at(
        // The stream keeps the deadline by itself, politely; this is for all the rest.
        deadline + Duration::from_secs(5),
        // Boxed: a whole call is a large future.
        Box::pin(call.follow(&plan.webhook, &mut tell)),
    );
    let ending = followed.await.unwrap_or(Ok(Ending::TimedOut))?;
    let Some(mut streamed) = call.streamed else {
        return Err(CallError::NoMedia(ending));
    };
    if let Some(feed) = streamed.feed.take() {
        // How the agent sums the call up comes last, if it comes.
        let _ = timeout(FEED_DRAIN, drain(feed, &mut tell)).await;
    }
    tell(Happened {
        at: Duration::from_millis(dsp::Samples(streamed.caller.len() as u64).as_ms()),
        what: Happening::Ended(ending.clone()),
    });
    Ok(CallRecord {
        title: plan.title,
        call_sid,
        from: plan.from,
        to: plan.to,
        happened,
        turns: streamed.ear.turns().to_vec(),
        overlaps: streamed.ear.overlaps().to_vec(),
        clears_unasked: streamed.ear.clears_unasked(),
        caller: streamed.caller,
        agent: streamed.agent,
        ending,
    })
}

/// Tells what is left of the feed, until the agent closes it.
async fn drain(mut feed: mpsc::Receiver<FromFeed>, tell: &mut (dyn FnMut(Happened) + Send)) {
    while let Some(line) = feed.recv().await {
        if let FromFeed::Line(line) = line {
            let at = Duration::from_millis(line.t_ms);
            let what = Happening::Feed(line);
            tell(Happened { at, what });
        }
    }
}

/// A call between its TwiML documents.
struct Call {
    webhooks: Webhooks,
    network: Network,
    identity: Identity,
    live: Option<Live>,
    /// Taken by the media stream; there is one in a call.
    speaking: Option<(Mind, Repertoire)>,
    deadline: Instant,
    hang_up: CancellationToken,
    streamed: Option<Streamed>,
}

impl Call {
    /// Follows the TwiML from the first webhook to the end of the call.
    async fn follow(
        &mut self,
        webhook: &Url,
        tell: &mut (dyn FnMut(Happened) + Send),
    ) -> Result<Ending, CallError> {
        let (mut base, verbs) = self.webhooks.post(webhook, "", "ringing").await?;
        let mut verbs = verbs.into_iter();
        for _ in 0..MAX_DOCUMENTS {
            // A document that runs out of verbs ends the call.
            let next = loop {
                let Some(verb) = verbs.next() else {
                    return Ok(Ending::AgentHungUp);
                };
                match self.carry_out(verb, tell).await? {
                    Step::Next => {}
                    Step::Document(url) => break url,
                    Step::End(ending) => return Ok(ending),
                }
            };
            match self.webhooks.post(&base, &next, "in-progress").await {
                Ok((url, document)) => {
                    base = url;
                    verbs = document.into_iter();
                }
                Err(error) if self.streamed.is_some() => {
                    let reason = error.to_string();
                    return Ok(Ending::Lost { reason });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Ending::Lost {
            reason: format!("more than {MAX_DOCUMENTS} TwiML documents: a loop"),
        })
    }

    async fn carry_out(
        &mut self,
        verb: Verb,
        tell: &mut (dyn FnMut(Happened) + Send),
    ) -> Result<Step, CallError> {
        Ok(match verb {
            Verb::Connect { action, stream } => match self.talk(&stream, tell).await? {
                StreamEnd::Agent => action.map_or(Step::Next, Step::Document),
                StreamEnd::Caller(ending) => Step::End(ending),
            },
            Verb::Say(text) => {
                let at = self.position();
                let what = Happening::SaidByNetwork { text };
                tell(Happened { at, what });
                Step::Next
            }
            Verb::Dial(to) => Step::End(Ending::Transferred { to }),
            Verb::Redirect(url) => Step::Document(url),
            Verb::Hangup | Verb::Reject => Step::End(Ending::AgentHungUp),
            Verb::Pause(seconds) => {
                sleep(Duration::from_secs(seconds)).await;
                Step::Next
            }
            Verb::Other(_) => Step::Next,
        })
    }

    async fn talk(
        &mut self,
        stream: &super::twiml::Stream,
        tell: &mut (dyn FnMut(Happened) + Send),
    ) -> Result<StreamEnd, CallError> {
        let Some((mind, repertoire)) = self.speaking.take() else {
            return Ok(StreamEnd::Caller(Ending::Lost {
                reason: "a second <Connect>".to_owned(),
            }));
        };
        let speaking = Speaking {
            mind,
            repertoire,
            feed: self.live.as_ref().map(Live::follow),
            live: self.live.clone(),
            deadline: self.deadline,
            hang_up: self.hang_up.clone(),
            signature: self.network.signature(&stream.url, signature::Body::None),
        };
        let mut streamed = stream::run(stream, self.identity.clone(), speaking, tell).await?;
        let end = std::mem::replace(&mut streamed.end, StreamEnd::Agent);
        self.streamed = Some(streamed);
        Ok(end)
    }

    /// How far the call's media has come.
    fn position(&self) -> Duration {
        let samples = self.streamed.as_ref().map_or(0, |s| s.caller.len() as u64);
        Duration::from_millis(dsp::Samples(samples).as_ms())
    }
}

/// What follows a verb.
enum Step {
    Next,
    Document(String),
    End(Ending),
}

fn new_identity(network: &Network) -> Identity {
    let sid = |prefix: &str| format!("{prefix}{:032x}", rand::random::<u128>());
    let placed = network.answers.as_ref().map(|sid| sid.as_str().to_owned());
    Identity {
        call_sid: placed.unwrap_or_else(|| sid("CA")),
        stream_sid: sid("MZ"),
        account_sid: network.account_sid.clone().unwrap_or_else(|| sid("AC")),
    }
}
