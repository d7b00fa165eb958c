//! Whole dialogues: words in, words out, and what the book holds afterwards.

mod booking;
mod courtesy;
mod record;
mod scene;
mod walk;
