//! A doorbell: wakes a thread that sleeps in epoll, without a lock and without a message.
//!
//! An eventfd. Rings add up and one answer takes them all, so a bell says "look at your queues",
//! never how often. The voice thread answers it by mio, the net thread by tokio.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Rings and answers; clones share the bell.
#[derive(Clone, Debug)]
pub(crate) struct Doorbell {
    eventfd: Arc<File>,
}

impl Doorbell {
    pub(crate) fn new() -> io::Result<Self> {
        let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Self {
            eventfd: Arc::new(File::from(fd)),
        })
    }

    /// Wakes the other side, now or the next time it sleeps. One non-blocking system call.
    pub(crate) fn ring(&self) {
        // The only error is a counter that is full, and then the bell is ringing already.
        let _ = (&*self.eventfd).write(&1_u64.to_ne_bytes());
    }

    /// Silences the bell. What was put into a queue before the ring is visible after this.
    ///
    /// # Errors
    /// `WouldBlock` when nobody has rung.
    pub(crate) fn answer(&self) -> io::Result<()> {
        let mut count = [0; 8];
        match (&*self.eventfd).read(&mut count) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => self.answer(),
            Err(error) => Err(error),
        }
    }
}

impl AsRawFd for Doorbell {
    fn as_raw_fd(&self) -> RawFd {
        self.eventfd.as_raw_fd()
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.eventfd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_add_up_and_one_answer_takes_them_all() {
        let bell = Doorbell::new().expect("an eventfd");
        let other_side = bell.clone();
        other_side.ring();
        other_side.ring();
        assert!(bell.answer().is_ok());
        let silent = bell.answer().expect_err("nobody has rung since");
        assert_eq!(silent.kind(), ErrorKind::WouldBlock);
    }
}
