//! The HTTP surface: webhooks, the media socket, health, metrics, the live feed.
