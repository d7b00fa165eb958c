//! Writes the logs of calls beside them: sessions hand lines to one thread, which writes files.
//!
//! A call never waits for its log. Where the thread does not keep up, or the disk is full, the log of
//! a call ends where the first line was lost, and that is counted.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use crate::limits;
use crate::observe::Metrics;
use crate::telephony::CallSid;

/// Of the data folder; a folder for each day.
const FOLDER: &str = "calls";
const EXTENSION: &str = "jsonl";

/// Their owner's only: they hold what callers said.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// How logs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Without the personal data that the mask knows, and so not to be replayed word for word.
    pub masked: bool,
    /// How long.
    pub days: u32,
}

/// Where logs are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CallEvents {
    folder: Arc<PathBuf>,
    masked: bool,
    notes: mpsc::Sender<Note>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
enum Note {
    Line(Arc<Page>, String),
    Flush(oneshot::Sender<()>),
}

/// One call's file; the writing thread's alone once it is made.
#[derive(Debug)]
struct Page {
    name: String,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Unopened,
    Open {
        file: BufWriter<File>,
        bytes: u64,
    },
    /// Something of it is lost; no more is written.
    Ended,
}

/// A call's end of it.
#[derive(Debug)]
pub(crate) struct Pen {
    events: CallEvents,
    page: Arc<Page>,
    lost: bool,
}

impl CallEvents {
    /// Starts the thread that writes, within this data folder. It ends with the last clone.
    ///
    /// # Errors
    /// Where there is no thread to be had.
    pub fn start(data_dir: &Path, keeping: Keeping, metrics: Arc<Metrics>) -> io::Result<Self> {
        let folder = Arc::new(data_dir.join(FOLDER));
        let (notes, taken) = mpsc::channel(limits::MAX_EVENTS_WAITING);
        let mut writer = Writer {
            folder: Arc::clone(&folder),
            days: keeping.days,
            tidied: None,
            full: false,
            dirty: Vec::new(),
            metrics: Arc::clone(&metrics),
        };
        std::thread::Builder::new()
            .name("call-events".to_owned())
            .spawn(move || writer.work(taken))?;
        Ok(Self {
            folder,
            masked: keeping.masked,
            notes,
            metrics,
        })
    }

    #[must_use]
    pub fn masked(&self) -> bool {
        self.masked
    }

    /// A log for the part of a call that begins after so many returns from a human.
    pub(crate) fn open(&self, call: &CallSid, returns: u8) -> Pen {
        let page = Page {
            name: file_name(call, returns),
            state: Mutex::new(State::Unopened),
        };
        Pen {
            events: self.clone(),
            page: Arc::new(page),
            lost: false,
        }
    }

    /// Waits until what was handed over is in the files, for a while at most.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if self.notes.send(Note::Flush(done)).await.is_ok() {
                drop(flushed.await);
            }
        };
        if tokio::time::timeout(limits::LOG_DRAIN, flush)
            .await
            .is_err()
        {
            tracing::error!("event logs of calls were not written in time");
        }
    }

    /// The log of a call, where it is kept: of the part after so many returns from a human.
    #[must_use]
    pub fn find(&self, call: &CallSid, returns: u8) -> Option<PathBuf> {
        find_in(&self.folder, call, returns)
    }
}

/// The log of a call in this data folder: of the part after so many returns from a human.
#[must_use]
pub fn find(data_dir: &Path, call: &CallSid, returns: u8) -> Option<PathBuf> {
    find_in(&data_dir.join(FOLDER), call, returns)
}

fn find_in(folder: &Path, call: &CallSid, returns: u8) -> Option<PathBuf> {
    let name = file_name(call, returns);
    let mut days = days(folder);
    days.sort_unstable_by(|a, b| b.cmp(a));
    days.into_iter()
        .map(|day| folder.join(day.to_string()).join(&name))
        .find(|path| path.is_file())
}

fn file_name(call: &CallSid, returns: u8) -> String {
    match returns {
        0 => format!("{call}.{EXTENSION}"),
        part => format!("{call}.{part}.{EXTENSION}"),
    }
}

impl Pen {
    /// Hands a line over.
    pub(crate) fn write(&mut self, line: String) {
        if self.lost {
            return;
        }
        let note = Note::Line(Arc::clone(&self.page), line);
        if self.events.notes.try_send(note).is_err() {
            self.lost = true;
            self.events.metrics.call_events_lost();
        }
    }
}

struct Writer {
    folder: Arc<PathBuf>,
    days: u32,
    tidied: Option<Instant>,
    /// The folder holds as much as it may, all of it of today.
    full: bool,
    /// Written to and not flushed.
    dirty: Vec<Arc<Page>>,
    metrics: Arc<Metrics>,
}

impl Writer {
    fn work(&mut self, mut notes: mpsc::Receiver<Note>) {
        while let Some(note) = notes.blocking_recv() {
            let mut asked = self.take(note);
            while let Ok(note) = notes.try_recv() {
                asked.extend(self.take(note));
            }
            for page in std::mem::take(&mut self.dirty) {
                self.on_page(&page, State::flush);
            }
            if asked.is_empty() {
                // Meanwhile lines gather: a wake and a write for each would cost more than the rest
                // of the log.
                std::thread::sleep(limits::EVENTS_GATHER);
            }
            // Whoever asked may have gone.
            for asked in asked {
                let _gone = asked.send(());
            }
        }
    }

    fn take(&mut self, note: Note) -> Vec<oneshot::Sender<()>> {
        match note {
            Note::Line(page, line) => {
                self.write(&page, &line);
                if !self.dirty.iter().any(|dirty| Arc::ptr_eq(dirty, &page)) {
                    self.dirty.push(page);
                }
                Vec::new()
            }
            Note::Flush(asked) => vec![asked],
        }
    }

    fn write(&mut self, page: &Arc<Page>, line: &str) {
        let unopened = matches!(*page.state(), State::Unopened);
        if unopened {
            self.tidy();
        }
        let (folder, full) = (Arc::clone(&self.folder), self.full);
        self.on_page(page, |state| {
            if unopened {
                if full {
                    return Err(io::Error::other("the folder holds as much as it may"));
                }
                *state = create(&folder, &page.name)?;
            }
            state.write(line)
        });
    }

    /// What fails ends the page.
    fn on_page(&self, page: &Page, work: impl FnOnce(&mut State) -> io::Result<()>) {
        let mut state = page.state();
        if let Err(error) = work(&mut state) {
            *state = State::Ended;
            let file = &page.name;
            tracing::warn!(file, %error, "the event log of a call breaks off");
            self.metrics.call_events_lost();
        }
    }

    /// Removes what is older than it may be, and the oldest where there is too much.
    fn tidy(&mut self) {
        let due = |at: Instant| at.elapsed() > limits::EVENTS_TIDY;
        if self.tidied.is_some_and(|at| !due(at)) {
            return;
        }
        self.tidied = Some(Instant::now());
        let sizes: Vec<(Date, u64)> = days(&self.folder)
            .into_iter()
            .map(|day| (day, bytes_in(&self.folder.join(day.to_string()))))
            .collect();
        let (outdated, left) = outdated(sizes, today(), self.days);
        self.full = left > limits::MAX_EVENTS_BYTES;
        for day in outdated {
            if let Err(error) = std::fs::remove_dir_all(self.folder.join(day.to_string())) {
                tracing::warn!(%day, %error, "old event logs cannot be removed");
            }
        }
    }
}

impl Page {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, line: &str) -> io::Result<()> {
        let Self::Open { file, bytes } = self else {
            return Ok(());
        };
        *bytes += line.len() as u64 + 1;
        if *bytes > limits::MAX_EVENTS_FILE_BYTES {
            file.flush()?;
            return Err(io::Error::other("the call is too long for it"));
        }
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open { file, .. } => file.flush(),
            Self::Unopened | Self::Ended => Ok(()),
        }
    }
}

fn create(folder: &Path, name: &str) -> io::Result<State> {
    let day = folder.join(today().to_string());
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(&day)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(FILE_MODE)
        .open(day.join(name))?;
    Ok(State::Open {
        file: BufWriter::new(file),
        bytes: 0,
    })
}

/// The day by which files are kept, real even where business time is not.
fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn days(folder: &Path) -> Vec<Date> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    sizes.sum()
}

/// Which days are to go, and how much is left then. Today stays.
fn outdated(mut sizes: Vec<(Date, u64)>, today: Date, days: u32) -> (Vec<Date>, u64) {
    sizes.sort_unstable();
    let mut left: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
    let mut gone = Vec::new();
    for (day, bytes) in sizes {
        let age = (today - day).get_days();
        if i64::from(age) > i64::from(days) || (age > 0 && left > limits::MAX_EVENTS_BYTES) {
            left -= bytes;
            gone.push(day);
        }
    }
    (gone, left)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn events(folder: &Path) -> CallEvents {
        let plane = Arc::new(pipeline::metrics::Metrics::default());
        let keeping = Keeping {
            masked: true,
            days: 30,
        };
        CallEvents::start(folder, keeping, Arc::new(Metrics::new(plane))).expect("a thread")
    }

    #[test]
    fn old_days_go_and_the_oldest_where_there_is_too_much() {
        let today = day("2026-11-23");
        let days = vec![
            (today, 10),
            (day("2026-11-20"), limits::MAX_EVENTS_BYTES),
            (day("2026-11-22"), 5),
            (day("2026-09-01"), 7),
        ];
        let (gone, left) = outdated(days, today, 30);
        assert_eq!(gone, [day("2026-09-01"), day("2026-11-20")]);
        assert_eq!(left, 15);
    }

    #[test]
    fn todays_logs_stay_whatever_their_size() {
        let today = day("2026-11-23");
        let (gone, left) = outdated(vec![(today, u64::MAX)], today, 1);
        assert_eq!((gone.len(), left), (0, u64::MAX));
    }

    #[tokio::test]
    async fn a_log_is_its_owners_only_and_is_found_by_its_call() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let events = events(folder.path());
        let sid = CallSid::parse("CA1").expect("valid");
        let mut pen = events.open(&sid, 0);
        pen.write("one".to_owned());
        pen.write("two".to_owned());
        events.flush().await;
        let path = events.find(&sid, 0).expect("it is kept");
        assert_eq!(find(folder.path(), &sid, 0), Some(path.clone()));
        assert_eq!(events.find(&sid, 1), None, "nobody has returned");
        events.open(&sid, 1).write("three".to_owned());
        events.flush().await;
        assert_ne!(events.find(&sid, 1).expect("kept beside it"), path);
        assert_eq!(
            std::fs::read_to_string(&path).expect("readable"),
            "one\ntwo\n"
        );
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), FILE_MODE);
        assert_eq!(mode(path.parent().expect("a day")), FOLDER_MODE);
    }

    #[tokio::test]
    async fn a_log_that_grows_too_long_breaks_off_at_a_line_and_is_counted() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let events = events(folder.path());
        let sid = CallSid::parse("CA1").expect("valid");
        let mut pen = events.open(&sid, 0);
        let long = "x".repeat(1_000_000);
        let lines = limits::MAX_EVENTS_FILE_BYTES / 1_000_000 + 2;
        (0..lines).for_each(|_| pen.write(long.clone()));
        events.flush().await;
        let path = events.find(&sid, 0).expect("it is kept");
        let text = std::fs::read_to_string(path).expect("readable");
        assert!(text.len() as u64 <= limits::MAX_EVENTS_FILE_BYTES);
        assert!(text.ends_with("x\n"), "the last line is whole");
        let page = events.metrics.encode();
        assert!(page.contains("otto_call_events_lost_total 1"), "{page}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_costs_the_log_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(FOLDER), "in the way").expect("written");
        let events = events(folder.path());
        let mut pen = events.open(&CallSid::parse("CA1").expect("valid"), 0);
        pen.write("one".to_owned());
        pen.write("two".to_owned());
        events.flush().await;
        let page = events.metrics.encode();
        assert!(page.contains("otto_call_events_lost_total 1"), "{page}");
    }
}
