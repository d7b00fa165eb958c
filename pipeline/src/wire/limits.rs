//! Bounds of what a carrier's connection may send us.

/// The longest message a caller's connection may send, all fragments together, in bytes. Twilio
/// publishes no bound; its `media` messages are below 400 bytes. A longer one closes the
/// connection with code 1009 as soon as its length is announced.
pub const MESSAGE_BYTES_MAX: usize = 96 * 1024;

/// The most audio one `media` message may carry once decoded, in bytes (8 s of mu-law).
pub const AUDIO_BYTES_MAX: usize = 64 * 1024;

/// The longest payload of a control frame (RFC 6455 section 5.5).
pub const CONTROL_PAYLOAD_MAX: usize = 125;

/// The longest frame header: two bytes, eight of length, four of mask.
pub const FRAME_HEADER_MAX: usize = 14;

/// The buffer that a [`Decoder`](super::websocket::Decoder) needs to take the longest message in
/// fragments with control frames between them.
pub const RECEIVE_BUFFER_BYTES: usize = MESSAGE_BYTES_MAX + FRAME_HEADER_MAX + CONTROL_PAYLOAD_MAX;

// The longest audio, in base64 and with a kilobyte for what is around it, is no oversized message.
const _: () = assert!(AUDIO_BYTES_MAX.div_ceil(3) * 4 + 1024 <= MESSAGE_BYTES_MAX);
