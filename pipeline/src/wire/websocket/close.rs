//! Closing: why a connection ends (RFC 6455 section 7.4).

/// A close status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server goes down.
    pub const GOING_AWAY: Self = Self(1001);
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A text message was not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// The message breaks a rule of ours (a missing or spent token).
    pub const POLICY: Self = Self(1008);
    pub const TOO_BIG: Self = Self(1009);
    /// Our own fault.
    pub const INTERNAL: Self = Self(1011);
    /// Too many calls already.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Whether the code may stand in a close frame. 1005, 1006 and 1015 never travel: they are
    /// what an endpoint tells itself about a close frame without a code, or about none at all.
    #[must_use]
    pub const fn may_travel(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

/// What a close frame says. Both parts are optional on the wire; a reason needs a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseFrame<'b> {
    pub code: CloseCode,
    pub reason: &'b str,
}
