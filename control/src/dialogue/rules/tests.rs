//! Whole dialogues: words in, words out, and what the book holds afterwards.

mod booking;
mod corrections;
mod courtesy;
mod denial;
mod flows;
mod follow_up;
mod new_customer;
mod places;
mod proof;
mod put_right;
mod record;
mod reminder;
mod scene;
mod spanish;
mod text_message;
mod this_call;
mod twice;
mod upkeep;
mod waitlist;
mod walk;
