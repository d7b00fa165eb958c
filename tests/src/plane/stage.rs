//! A running data plane, and calls on it.

use std::time::{Duration, Instant};

use pipeline::message::{Command, Event, EventKind, UtteranceId};
use pipeline::{Arrival, CallHandle, DataPlane, DataPlaneConfig};
use tokio::net::{TcpListener, TcpStream};

use super::phone::{Phone, STREAM_SID};

/// A data plane and a door to it.
#[derive(Debug)]
pub struct Stage {
    pub plane: DataPlane,
    door: TcpListener,
}

impl Stage {
    pub async fn new(config: DataPlaneConfig) -> Self {
        Self {
            plane: DataPlane::start(config).expect("a data plane starts"),
            door: TcpListener::bind("127.0.0.1:0").await.expect("loopback"),
        }
    }

    /// A call, as it is once the carrier's `start` has been dealt with.
    pub async fn call(&self) -> (Phone, CallHandle) {
        let (near, far) = self.connection().await;
        let arrival = Arrival {
            socket: near,
            early: Vec::new(),
            stream_sid: STREAM_SID.into(),
        };
        let handle = self.plane.admit(arrival).expect("there is a slot");
        (Phone::connect(far).await, handle)
    }

    /// Both ends of a connection: ours and the caller's.
    pub async fn connection(&self) -> (std::net::TcpStream, TcpStream) {
        let address = self.door.local_addr().expect("a bound listener");
        let (far, near) = tokio::join!(TcpStream::connect(address), self.door.accept());
        let near = near.expect("a connection").0.into_std();
        (near.expect("a standard socket"), far.expect("a connection"))
    }
}

/// An utterance of this many milliseconds, in one clause.
pub fn say(handle: &CallHandle, utterance: u32, ms: u64) {
    let command = Command::Say {
        utterance: UtteranceId(utterance),
        text: ms.to_string(),
        last: true,
    };
    handle.send(command).expect("the call takes commands");
}

/// The next event for which `pick` has an answer; all before it are passed over.
pub async fn event<T>(handle: &mut CallHandle, pick: impl Fn(&EventKind) -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let left = patience.saturating_duration_since(Instant::now());
        let next: Option<Event> = tokio::time::timeout(left, handle.next())
            .await
            .expect("the event comes in time");
        let event = next.expect("the call goes on until the event comes");
        if let Some(found) = pick(&event.kind) {
            return found;
        }
    }
}

/// The caller's turn has been turned into words.
pub async fn understood(handle: &mut CallHandle) {
    event(handle, |kind| {
        matches!(kind, EventKind::Transcript(_)).then_some(())
    })
    .await;
}

/// All of this utterance has been heard.
pub async fn finished(handle: &mut CallHandle, utterance: u32) {
    event(handle, |kind| match kind {
        EventKind::UtteranceFinished { utterance: id, .. } if id.0 == utterance => Some(()),
        _ => None,
    })
    .await;
}
