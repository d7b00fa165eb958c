//! One worker process, and messages to and from it.
//!
//! They travel on a socket pair that is the worker's standard input. Its standard output goes
//! nowhere, so nothing that C code prints can be taken for a message. Our end closing, however
//! this process ends, ends the worker.

use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use thiserror::Error;

use super::limits::{LOOK_UP, WRITE_DEADLINE};
use super::protocol::{Inbox, ProtocolError, Request, Response};

/// How a worker is started: an executable and the arguments that lead it to
/// [`crate::local::worker::main`].
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub path: PathBuf,
    pub arguments: Vec<String>,
}

/// The worker can no longer be talked to; it must be replaced.
#[derive(Debug, Error)]
pub(super) enum Lost {
    #[error("its connection ended")]
    Ended,
    #[error("its connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("it sent {0}")]
    Protocol(#[from] ProtocolError),
}

/// A running worker. Dropping it kills the process and waits for it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    socket: UnixStream,
    inbox: Inbox,
    buffer: Box<[u8]>,
}

impl Process {
    /// # Errors
    /// Where the system refuses a socket pair or a process.
    pub(super) fn spawn(program: &Program) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_read_timeout(Some(LOOK_UP))?;
        socket.set_write_timeout(Some(WRITE_DEADLINE))?;
        let child = Command::new(&program.path)
            .args(&program.arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            // A terminal's Ctrl-C is for us: calls in progress are finished with speech.
            .process_group(0)
            .spawn()?;
        Ok(Self {
            child,
            socket,
            inbox: Inbox::default(),
            buffer: vec![0; 16 * 1024].into(),
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn send(&mut self, request: &Request) -> Result<(), Lost> {
        Ok(self.socket.write_all(&request.to_bytes())?)
    }

    /// The next message; none where none came within [`LOOK_UP`].
    pub(super) fn poll(&mut self) -> Result<Option<Response>, Lost> {
        loop {
            if let Some(message) = self.inbox.next()? {
                return Ok(Some(Response::parse(message)?));
            }
            match self.socket.read(&mut self.buffer) {
                Ok(0) => return Err(Lost::Ended),
                Ok(read) => self.inbox.push(&self.buffer[..read]),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(None),
                    io::ErrorKind::Interrupted => {}
                    _ => return Err(error.into()),
                },
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing more to do about it either way.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;

    use super::*;
    use crate::local::protocol::Role;
    use crate::local::testing::config;

    #[test]
    fn a_worker_ends_by_itself_when_its_parent_is_gone() {
        let config = config();
        let program = Program {
            path: config.worker,
            arguments: config.worker_arguments,
        };
        let mut process = Process::spawn(&program).expect("spawned");
        let hello = Request::Hello {
            role: Role::Recognition,
            libraries: String::new(),
            model: String::new(),
        };
        process.send(&hello).expect("it listens");
        // What the kernel does for a parent that was killed.
        process.socket.shutdown(Shutdown::Both).expect("open");
        process.child.wait().expect("it ends");
    }
}
