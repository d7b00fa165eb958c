//! The control plane's end of one call.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::limits::RESERVED_COMMANDS;
use crate::message::{Command, Event};

/// One call, as its session holds it. Dropping the handle (both halves of it) hangs up.
#[derive(Debug)]
pub struct CallHandle {
    commands: CommandSender,
    events: EventReceiver,
}

impl CallHandle {
    pub(crate) fn new(commands: mpsc::Sender<Command>, events: mpsc::Receiver<Event>) -> Self {
        Self {
            commands: CommandSender { commands },
            events: EventReceiver { events },
        }
    }

    /// See [`CommandSender::send`].
    ///
    /// # Errors
    /// See [`CommandRefused`].
    pub fn send(&self, command: Command) -> Result<(), CommandRefused> {
        self.commands.send(command)
    }

    /// See [`EventReceiver::next`].
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// Both halves, for two tasks. The call is hung up when the sender is dropped.
    #[must_use]
    pub fn split(self) -> (CommandSender, EventReceiver) {
        (self.commands, self.events)
    }
}

/// Tells a call what to do.
#[derive(Clone, Debug)]
pub struct CommandSender {
    commands: mpsc::Sender<Command>,
}

impl CommandSender {
    /// Passes a command on, in order and without waiting. The last places of the queue are kept
    /// for commands that silence or end the call, so those get through when the rest does not.
    ///
    /// # Errors
    /// See [`CommandRefused`]; nothing has been queued then.
    pub fn send(&self, command: Command) -> Result<(), CommandRefused> {
        let urgent = matches!(command, Command::Retire { .. } | Command::HangUp { .. });
        if !urgent && self.commands.capacity() <= RESERVED_COMMANDS {
            return Err(if self.commands.is_closed() {
                CommandRefused::CallOver
            } else {
                CommandRefused::Full
            });
        }
        self.commands
            .try_send(command)
            .map_err(|error| match error {
                TrySendError::Full(_) => CommandRefused::Full,
                TrySendError::Closed(_) => CommandRefused::CallOver,
            })
    }
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefused {
    #[error("the call is over")]
    CallOver,
    #[error("too many commands wait for the call; wait for its events before sending more")]
    Full,
}

/// Hears what a call reports.
#[derive(Debug)]
pub struct EventReceiver {
    events: mpsc::Receiver<Event>,
}

impl EventReceiver {
    /// The next event; `None` after [`crate::message::EventKind::Ended`], which always comes.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::COMMANDS;
    use crate::message::UtteranceId;

    fn say(n: usize) -> Command {
        Command::Say {
            utterance: UtteranceId(1),
            text: format!("clause {n}"),
            last: false,
        }
    }

    #[test]
    fn a_full_queue_still_takes_the_command_that_silences_the_agent() {
        let (commands, _net) = mpsc::channel(COMMANDS);
        let (_net, events) = mpsc::channel(1);
        let call = CallHandle::new(commands, events);
        let taken = (0..).take_while(|n| call.send(say(*n)).is_ok()).count();
        assert_eq!(taken, COMMANDS - RESERVED_COMMANDS);
        assert_eq!(call.send(say(0)), Err(CommandRefused::Full));
        let silence = Command::Retire {
            utterance: UtteranceId(1),
        };
        assert_eq!(call.send(silence), Ok(()));
        let end = Command::HangUp {
            after_playout: false,
        };
        assert_eq!(call.send(end), Ok(()));
    }

    #[test]
    fn a_call_that_is_over_says_so() {
        let (commands, net) = mpsc::channel(COMMANDS);
        let (_net, events) = mpsc::channel(1);
        let call = CallHandle::new(commands, events);
        drop(net);
        assert_eq!(call.send(say(0)), Err(CommandRefused::CallOver));
    }
}
