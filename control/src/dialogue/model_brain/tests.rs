//! Whole dialogues with a model that answers as it is scripted, real tools and a real book.

mod ahead;
mod booking;
mod failure;
mod manners;
mod safety;
mod scene;
mod spanish;
mod twice;
