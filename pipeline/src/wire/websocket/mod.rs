//! The server's side of the WebSocket protocol (RFC 6455), without I/O.
//!
//! A connection begins as an HTTP request whose `Sec-WebSocket-Key` we answer ([`accept_key`]).
//! From then on both sides send *frames*. A *message* (text or binary) is one frame or several
//! *fragments*; *control frames* (ping, pong, close) are never fragmented and may stand between
//! the fragments of a message. What a client sends is *masked*: XORed with four bytes that the
//! frame carries, so that no proxy mistakes it for HTTP. What a server sends is not.
//!
//! [`Decoder`] turns received bytes into [`Message`]s and [`encode`] makes our frames. A client
//! that breaks the rules gets a [`Violation`], which knows the [`CloseCode`] to answer with; the
//! connection is then closed. No extension is ever negotiated, so the reserved bits must be zero.

mod check;
mod close;
mod decode;
mod encode;
mod handshake;
mod header;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use check::check_any_bytes;
pub use close::{CloseCode, CloseFrame};
pub use decode::{Decoder, Message, Violation};
pub use encode::{encode, encode_close, encode_with};
pub use handshake::{BadKey, accept_key};
pub use header::Opcode;
