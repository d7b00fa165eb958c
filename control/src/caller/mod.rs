//! A Twilio-faithful caller over real sockets: webhook, TwiML, media stream, real-time playout.
