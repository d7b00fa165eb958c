//! Calls of other nodes: what this node does about them where the network asks here.

use tokio::time::Instant;

use super::ending::Ending;
use super::registry::{Calls, Parties};
use crate::limits;
use crate::nodes::{CallNews, LiveCalls, Stage};
use crate::telephony::CallSid;

/// Takes a call over that was announced at another node, and whose stream has come here: who calls
/// whom is known there.
pub(crate) async fn adopt(calls: &Calls, live: &dyn LiveCalls, sid: &CallSid) {
    if let Some(known) = live.get(sid).await
        && known.stage == Stage::Announced
    {
        calls.adopt(sid, known.parties, known.returns, None, Instant::now());
    }
}

/// Whether another node has, or had, the stream of this part of a call.
pub(crate) async fn is_taken(live: &dyn LiveCalls, sid: &CallSid) -> bool {
    let known = live.get(sid).await;
    known.is_some_and(|known| known.stage != Stage::Announced)
}

/// How a call ended, wherever it was led. Waits a moment for one that is just ending. Absent for one
/// that nobody knows, and for one of ours that goes on.
pub(crate) async fn ending(calls: &Calls, live: &dyn LiveCalls, sid: &CallSid) -> Option<Ending> {
    let known = live.get(sid).await;
    let returns = known.map_or(0, |known| known.returns);
    let led_here = calls.led(sid).is_some_and(|led| led >= returns);
    let by_others = if led_here {
        None
    } else {
        ending_of_others(live, sid).await
    };
    let ending = match by_others {
        Some(ending) => Some(ending),
        None => calls.ending(sid).await,
    };
    live.tell(sid, CallNews::default().asked()).await;
    ending
}

async fn ending_of_others(live: &dyn LiveCalls, sid: &CallSid) -> Option<Ending> {
    let give_up = Instant::now() + limits::ENDING_DEADLINE;
    loop {
        match live.get(sid).await?.stage {
            Stage::Ended(ending) => return Some(ending),
            // Its stream never came, or was turned away.
            Stage::Announced => return Some(Ending::Fault),
            // Its node has died, or has more to do than it can: the caller may still be there.
            Stage::Live if Instant::now() >= give_up => return Some(Ending::Fault),
            Stage::Live => tokio::time::sleep(limits::ENDING_POLL).await,
        }
    }
}

/// Learns how a call ended that another node led, for a caller who may come back here.
pub(crate) async fn learn(calls: &Calls, live: &dyn LiveCalls, sid: &CallSid) {
    if let Some(known) = live.get(sid).await
        && let Stage::Ended(ending) = known.stage
    {
        let (parties, returns) = (known.parties, known.returns);
        calls.adopt(sid, parties, returns, Some(ending), Instant::now());
    }
}

/// Tells others that a call's webhook was answered here, and how often the call came back.
pub(crate) async fn announced(live: &dyn LiveCalls, sid: &CallSid, parties: &Parties, returns: u8) {
    live.tell(sid, CallNews::announced(parties, returns)).await;
}
