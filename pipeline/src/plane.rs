//! The data plane as the control plane sees it: start it, admit calls, read its numbers, stop it.

mod handle;
mod shard;

use std::net::TcpStream;
use std::sync::Arc;

pub use handle::{CallHandle, CommandRefused, CommandSender, EventReceiver};

use self::shard::Shard;
use crate::metrics::Metrics;
use crate::net::edge::SpeechConfig;

/// What a data plane is made of.
#[derive(Clone, Debug)]
pub struct DataPlaneConfig {
    /// Pairs of a voice thread and a net thread; one per core that calls may use.
    pub shards: usize,
    /// Calls that each shard has room for; more are refused.
    pub calls_per_shard: usize,
    pub speech: SpeechConfig,
    /// Ask for FIFO scheduling of the voice threads. A refusal is reported by
    /// [`DataPlane::realtime`], not an error.
    pub realtime: bool,
    /// Runs a voice thread's loop, and is given it to run. For guards and profilers that must
    /// surround the loop on its own thread; the default just runs it.
    pub around_voice_loop: fn(&mut dyn FnMut()),
}

impl DataPlaneConfig {
    /// One shard for 250 calls, without real-time scheduling.
    #[must_use]
    pub fn new(speech: SpeechConfig) -> Self {
        Self {
            shards: 1,
            calls_per_shard: 250,
            speech,
            realtime: false,
            around_voice_loop: |run| run(),
        }
    }
}

/// A caller's connection, upgraded, authenticated, and past its `start` message.
#[derive(Debug)]
pub struct Arrival {
    pub socket: TcpStream,
    /// Bytes that were read from the socket but not decoded; they begin with a WebSocket frame.
    pub early: Vec<u8>,
    /// The stream id of the `start` message; messages that name another one are ignored.
    pub stream_sid: String,
}

/// Why a data plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("shards and calls_per_shard must be at least 1, and calls_per_shard at most 65,536")]
    Size,
    #[error("a shard's threads or descriptors could not be had: {0}")]
    System(#[from] std::io::Error),
}

/// Why a call was not admitted. The socket is closed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("every slot is taken; raise calls_per_shard or shards, or try again")]
    Full,
    /// For whoever holds the data plane and gives it up; nobody can ask one that is gone.
    #[error("the data plane is stopping")]
    ShuttingDown,
    #[error("the stream id is longer than {max} bytes", max = crate::limits::STREAM_SID_BYTES)]
    StreamSid,
    #[error("the early bytes are longer than the read buffer ({0} bytes)")]
    EarlyBytes(usize),
    #[error("the caller's socket could not be taken over: {0}")]
    Socket(#[from] std::io::Error),
}

/// The shards' threads, and the way in. Dropping it ends all calls and joins the threads, which
/// can take as long as a WebSocket's goodbye.
#[derive(Debug)]
pub struct DataPlane {
    shards: Vec<Shard>,
    metrics: Arc<Metrics>,
}

impl DataPlane {
    /// Starts the threads.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(config: DataPlaneConfig) -> Result<Self, StartError> {
        if config.shards == 0 || !(1..=1 << 16).contains(&config.calls_per_shard) {
            return Err(StartError::Size);
        }
        let mut plane = Self {
            shards: Vec::new(),
            metrics: Arc::default(),
        };
        for number in 0..config.shards {
            let shard = Shard::start(number, &config, plane.metrics.clone())?;
            plane.shards.push(shard);
        }
        Ok(plane)
    }

    /// Takes a call over, on the shard with the most room. Never blocks.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn admit(&self, arrival: Arrival) -> Result<CallHandle, Refused> {
        self.admit_with(arrival, None)
    }

    /// As [`Self::admit`], for a call whose speech is not that of all calls.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn admit_with(
        &self,
        arrival: Arrival,
        speech: Option<SpeechConfig>,
    ) -> Result<CallHandle, Refused> {
        let rooms = self
            .shards
            .iter()
            .filter_map(|shard| Some((shard.room()?, shard)));
        let (_, roomiest) = rooms.max_by_key(|(room, _)| *room).ok_or(Refused::Full)?;
        roomiest.admit(arrival, speech)
    }

    /// The numbers of all shards.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Whether all voice threads have the FIFO scheduling that the configuration asked for.
    #[must_use]
    pub fn realtime(&self) -> bool {
        self.shards.iter().all(|shard| shard.realtime)
    }

    /// Ends all calls with [`EndReason::ShuttingDown`](crate::message::EndReason::ShuttingDown)
    /// and joins the threads.
    pub async fn shutdown(self) {
        // Joining blocks, so it is done where blocking is allowed. It fails only with the runtime.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for DataPlane {
    fn drop(&mut self) {
        for shard in &self.shards {
            shard.stop();
        }
        for shard in &mut self.shards {
            shard.join();
        }
    }
}
