//! One book's part of a Redis server: its keys, and its news.

use std::sync::Arc;

use redis::{Cmd, FromRedisValue};

use super::{Link, Unavailable};

/// The keys of one book. Books that share a server know nothing of each other. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shared {
    link: Arc<Link>,
    /// The book's own name, from its database: every node that opens the book has the same.
    book: Arc<str>,
}

impl Shared {
    #[must_use]
    pub fn new(link: Arc<Link>, book: &str) -> Self {
        Self {
            link,
            book: book.into(),
        }
    }

    #[must_use]
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// The braces keep all keys of a book on one node of a cluster, as scripts need it.
    pub(crate) fn key(&self, kind: &str, name: &str) -> String {
        format!("otto:{{{}}}:{kind}:{name}", self.book)
    }

    /// A script over these keys; arguments follow.
    pub(super) fn script(text: &str, keys: &[String]) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(text).arg(keys.len()).arg(keys);
        command
    }

    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        op: &'static str,
        command: &Cmd,
    ) -> Result<T, Unavailable> {
        self.link.ask(op, command).await
    }

    /// As [`Self::ask`], where nothing depends on the answer: a failure is counted and logged.
    pub(crate) async fn tell(&self, op: &'static str, command: &Cmd) {
        let answer: Result<redis::Value, Unavailable> = self.ask(op, command).await;
        drop(answer);
    }

    /// What all nodes of this book hear.
    pub(super) fn message(&self, kind: &str, name: &str) -> String {
        format!("{} {kind} {name}", self.book)
    }

    /// Has this called with the name in every message of this kind about this book.
    pub(super) fn listen(&self, kind: &'static str, heard: impl Fn(&str) + Send + Sync + 'static) {
        let start = self.message(kind, "");
        self.link.listen(move |message| {
            if let Some(name) = message.strip_prefix(&start) {
                heard(name);
            }
        });
    }
}
