//! What we say to the telephone network: TwiML, the media token.
