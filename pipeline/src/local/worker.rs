//! The worker process: the only place where C code of the speech engines runs.
//!
//! It is our own executable, started again by a supervisor with a socket as its standard input.
//! It does one request after the other and ends when the socket closes, that is, with its parent.

mod recognition;
mod synthesis;

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use thiserror::Error;

use super::library::Missing;
use super::protocol::{Inbox, ProtocolError, Request, Response, Role};

/// Requests read ahead: the one being worked on can only be followed by its cancellation.
const REQUESTS: usize = 4;

/// Serves the process that started this one. The hidden subcommand of an executable calls this
/// first thing, and leaves with its code.
#[must_use]
pub fn main() -> ExitCode {
    match connect().and_then(|mut link| serve(&mut link)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("speech worker: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why a worker ends before its parent does.
#[derive(Debug, Error)]
enum WorkerError {
    #[error("standard input is no socket; this is started by the program itself, not by hand")]
    NotStarted(#[source] io::Error),
    #[error("the connection to the parent broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the first request was not a hello")]
    NoHello,
    #[error("{0}")]
    Missing(#[from] Missing),
    #[error("{0}")]
    Engine(String),
}

/// The connection to the parent.
struct Link {
    socket: UnixStream,
    requests: Receiver<Request>,
}

impl Link {
    fn send(&mut self, response: &Response) -> io::Result<()> {
        self.socket.write_all(&response.to_bytes())
    }

    /// The next request. Never returns at the end of the connection, which ends the process.
    fn next(&self) -> Result<Request, WorkerError> {
        let ended = io::ErrorKind::UnexpectedEof;
        self.requests
            .recv()
            .map_err(|_| WorkerError::Broken(ended.into()))
    }

    /// Whether the request in progress has been cancelled.
    fn cancelled(&self) -> bool {
        matches!(self.requests.try_recv(), Ok(Request::Cancel { .. }))
    }
}

fn connect() -> Result<Link, WorkerError> {
    let socket = io::stdin().as_fd().try_clone_to_owned();
    let socket = UnixStream::from(socket.map_err(WorkerError::NotStarted)?);
    socket.peer_addr().map_err(WorkerError::NotStarted)?;
    let (sender, requests) = sync_channel(REQUESTS);
    let reading = socket.try_clone()?;
    std::thread::Builder::new()
        .name("requests".to_owned())
        .spawn(move || {
            let code = match read_requests(reading, &sender) {
                Ok(()) => 0,
                Err(error) => {
                    eprintln!("speech worker: {error}");
                    1
                }
            };
            // Whatever the engine is doing, nobody wants it any more.
            std::process::exit(code);
        })?;
    Ok(Link { socket, requests })
}

/// Hands requests on until the parent closes the connection.
fn read_requests(mut socket: UnixStream, sender: &SyncSender<Request>) -> Result<(), WorkerError> {
    let mut inbox = Inbox::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match socket.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            read => read?,
        };
        inbox.push(&buffer[..read]);
        while let Some(message) = inbox.next()? {
            if sender.send(Request::parse(message)?).is_err() {
                return Ok(());
            }
        }
    }
}

impl From<ProtocolError> for WorkerError {
    fn from(error: ProtocolError) -> Self {
        Self::Engine(format!("the parent sent {error}"))
    }
}

fn serve(link: &mut Link) -> Result<(), WorkerError> {
    let Request::Hello {
        role,
        libraries,
        model,
    } = link.next()?
    else {
        return Err(WorkerError::NoHello);
    };
    let served = match role {
        Role::Synthesis => synthesis::serve(link, given(&libraries)),
        Role::Recognition => recognition::serve(link, given(&libraries), given(&model)),
    };
    if let Err(WorkerError::Missing(missing)) = served {
        // The parent says so, with the remedy.
        link.send(&Response::Missing(missing))?;
        return Ok(());
    }
    served
}

fn given(path: &str) -> Option<&std::path::Path> {
    (!path.is_empty()).then(|| path.as_ref())
}
