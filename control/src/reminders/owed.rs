//! What customers asked of us while the book could not be written: no more calls and messages, or
//! calls again. Each wish lies in a file of its own, on disk before its customer is answered, until it
//! is in the book. No runner on this machine dials while there is one.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use storage::StorageError;
use storage::consent::{Channel, Consents};
use storage::customer::Phone;
use tokio_util::sync::CancellationToken;

use crate::limits;

/// The wishes in one data folder. Cheap to clone; processes may share the folder.
#[derive(Clone, Debug)]
pub struct Owed {
    folder: PathBuf,
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Wish {
    phone: Phone,
    /// Whether they want calls and messages again, or no more of them.
    again: bool,
    /// Where they said so.
    source: String,
    /// Business time.
    at: Timestamp,
}

/// Why a wish is not in the book yet.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled {
    #[error(transparent)]
    Book(#[from] StorageError),
    #[error("OTTO_DATA_DIR: {}: {why}; customers who opted out may be waiting there", path.display())]
    Disk { path: PathBuf, why: io::Error },
}

impl Owed {
    #[must_use]
    pub fn in_folder(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join("owed"),
        }
    }

    /// Keeps a wish, and returns once it would survive a crash.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub async fn keep(&self, wish: Wish) -> io::Result<()> {
        let folder = self.folder.clone();
        on_disk(move || write(&folder, &wish)).await
    }

    /// Whether a wish waits. A folder that cannot be read may hold one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match fs::read_dir(&self.folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Writes what waits into the book, in the order in which it was wished. Several processes may do
    /// so at once: the book goes by when it was wished, and in doubt a stop stands.
    ///
    /// # Errors
    /// [`Unsettled`]; what is not written waits on. What cannot be read keeps nothing else waiting.
    pub async fn settle(&self, consents: &dyn Consents) -> Result<usize, Unsettled> {
        if self.is_empty() {
            return Ok(0);
        }
        let disk = |path: &Path, why| Unsettled::Disk {
            path: path.to_owned(),
            why,
        };
        let folder = self.folder.clone();
        let waiting = on_disk(move || waiting(&folder)).await;
        let (mut count, mut failed) = (0, None);
        for path in waiting.map_err(|why| disk(&self.folder, why))? {
            let of = path.clone();
            let settled = match on_disk(move || read(&of)).await {
                Ok(wish) => {
                    wish.grant(consents).await?;
                    count += 1;
                    fs::remove_file(&path)
                }
                Err(why) => Err(why),
            };
            match settled {
                // Somebody else was faster.
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                Err(why) => failed = Some(disk(&path, why)),
                Ok(()) => {}
            }
        }
        if count > 0 {
            tracing::info!(
                count,
                "what customers asked for while the book was away is in it"
            );
        }
        failed.map_or(Ok(count), Err)
    }

    /// Settles whatever comes, until it is told to stop.
    pub async fn keep_settling(
        self,
        consents: std::sync::Arc<dyn Consents>,
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            if let Err(error) = self.settle(consents.as_ref()).await {
                tracing::error!(%error, "a customer's wish to be left alone is not in the book yet");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(limits::OWED_POLL) => {}
            }
        }
    }
}

impl Wish {
    /// No more calls and messages.
    #[must_use]
    pub fn stop(phone: &Phone, source: &str, at: Timestamp) -> Self {
        Self {
            phone: phone.clone(),
            again: false,
            source: source.to_owned(),
            at,
        }
    }

    /// Calls and messages again.
    #[must_use]
    pub fn start(phone: &Phone, source: &str, at: Timestamp) -> Self {
        Self {
            again: true,
            ..Self::stop(phone, source, at)
        }
    }

    /// Writes it into the book.
    ///
    /// # Errors
    /// Where the book cannot be written.
    pub async fn grant(&self, consents: &dyn Consents) -> Result<(), StorageError> {
        let Self {
            phone,
            again,
            source,
            at,
        } = self;
        if *again {
            consents.opt_in(phone, Channel::All, source, *at).await
        } else {
            consents.opt_out(phone, Channel::All, source, *at).await
        }
    }
}

fn write(folder: &Path, wish: &Wish) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // By its name a wish has its place among all.
    let name = format!(
        "{:020}-{:08x}.json",
        Timestamp::now().as_nanosecond(),
        rand::random::<u32>()
    );
    // Outside the folder until it is whole.
    let draft = folder.with_extension(&name);
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(&serde_json::to_vec(wish)?)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}

/// The oldest first, at most [`limits::MAX_OWED`].
fn waiting(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.truncate(limits::MAX_OWED);
    Ok(paths)
}

/// What is no wish of ours is an error: it may have been one.
fn read(path: &Path) -> io::Result<Wish> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use storage::Store;

    use super::*;

    fn grace() -> Phone {
        Phone::parse("217-555-0142").expect("a number")
    }

    #[tokio::test]
    async fn what_was_kept_is_in_the_book_in_its_order_and_then_gone() {
        let data = tempfile::tempdir().expect("a folder");
        let owed = Owed::in_folder(data.path());
        assert!(owed.is_empty());
        let now = Timestamp::UNIX_EPOCH;
        for wish in [
            Wish::stop(&grace(), "sms", now),
            Wish::start(&grace(), "sms", now),
            Wish::stop(&grace(), "sms", now),
        ] {
            owed.keep(wish).await.expect("room");
        }
        assert!(!owed.is_empty());
        // As another process sees it.
        let owed = Owed::in_folder(data.path());
        let store = Store::open_in_memory().await.expect("a book");
        let settled = owed.settle(store.consents.as_ref()).await;
        assert_eq!(settled.expect("writable"), 3);
        for channel in [Channel::Voice, Channel::Sms] {
            let out = store.consents.is_opted_out(&grace(), channel).await;
            assert!(out.expect("readable"), "{channel:?}");
        }
        assert!(owed.is_empty());
        assert_eq!(
            owed.settle(store.consents.as_ref()).await.expect("nothing"),
            0
        );
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_not_passed_over() {
        let data = tempfile::tempdir().expect("a folder");
        let owed = Owed::in_folder(data.path());
        let wish = Wish::stop(&grace(), "sms", Timestamp::UNIX_EPOCH);
        owed.keep(wish).await.expect("room");
        fs::write(data.path().join("owed/1.json"), "{").expect("written");
        let store = Store::open_in_memory().await.expect("a book");
        let settled = owed.settle(store.consents.as_ref()).await;
        let said = settled.expect_err("somebody's wish").to_string();
        assert!(said.starts_with("OTTO_DATA_DIR:"), "{said}");
        assert!(said.contains("owed/1.json"), "{said}");
        assert!(!owed.is_empty(), "the file is there for whoever mends it");
        let out = store.consents.is_opted_out(&grace(), Channel::Sms).await;
        assert!(out.expect("readable"), "the others do not wait for it");
    }

    #[tokio::test]
    async fn a_late_start_lifts_no_stop_that_was_said_after_it() {
        let data = tempfile::tempdir().expect("a folder");
        let owed = Owed::in_folder(data.path());
        let at = |second| Timestamp::from_second(second).expect("a time");
        let start = Wish::start(&grace(), "sms", at(10));
        owed.keep(start).await.expect("room");
        let store = Store::open_in_memory().await.expect("a book");
        let stop = Wish::stop(&grace(), "ai_voice", at(20));
        stop.grant(store.consents.as_ref()).await.expect("writable");
        let settled = owed.settle(store.consents.as_ref()).await;
        assert_eq!(settled.expect("writable"), 1);
        let out = store.consents.is_opted_out(&grace(), Channel::Voice).await;
        assert!(out.expect("readable"));
    }
}
