//! Calls whose log the database did not take: kept in a file, so that people can call back whoever
//! called during an outage, and written into the database when it is there again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::CallLogs;
use storage::call_log::{CallSummary, NewCallLog};
use tokio::sync::Mutex;

/// In the data folder: one call a line, as JSON.
const FILE: &str = "unsaved-calls.jsonl";

/// Its owner's only: it names callers.
const MODE: u32 = 0o600;

/// The file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Unsaved {
    path: Arc<PathBuf>,
    /// One at a time reads or writes it.
    turn: Arc<Mutex<()>>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Kept {
    call: NewCallLog,
    summary: CallSummary,
}

impl Unsaved {
    /// In this data folder.
    #[must_use]
    pub fn within(data_dir: &Path) -> Self {
        Self {
            path: Arc::new(data_dir.join(FILE)),
            turn: Arc::default(),
        }
    }

    /// Keeps a call. It is on the disk when this returns.
    pub(super) async fn keep(&self, call: NewCallLog, summary: CallSummary) {
        let _turn = self.turn.lock().await;
        let path = Arc::clone(&self.path);
        let sid = call.call_sid.clone();
        let kept = tokio::task::spawn_blocking(move || append(&path, &Kept { call, summary }));
        match kept.await {
            Ok(Ok(())) => {
                let file = self.path.display();
                tracing::warn!(call = sid, %file, "the call's log is kept in a file");
            }
            Ok(Err(error)) => tracing::error!(call = sid, %error, "the call's log is lost"),
            Err(error) => tracing::error!(call = sid, %error, "the call's log is lost"),
        }
    }

    /// Writes what was kept into the database, if there is anything. What it does not take stays.
    pub async fn restore(&self, logs: &dyn CallLogs) {
        let _turn = self.turn.lock().await;
        let path = Arc::clone(&self.path);
        let lines = match tokio::task::spawn_blocking(move || read(&path)).await {
            Ok(Ok(lines)) => lines,
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return,
            failed => {
                tracing::error!(?failed, "calls that were kept in a file cannot be read");
                return;
            }
        };
        let mut restored = 0_u32;
        for kept in lines {
            // A row that is there already is completed by the same words.
            if let Err(error) = logs.close(&kept.call, &kept.summary).await {
                tracing::warn!(%error, "calls stay in their file: the database does not take them");
                return;
            }
            restored += 1;
        }
        match std::fs::remove_file(&*self.path) {
            Ok(()) => tracing::info!(restored, "calls of an outage are in the database"),
            Err(error) => tracing::error!(%error, "calls are in the database and in a file"),
        }
    }
}

fn append(path: &Path, kept: &Kept) -> io::Result<()> {
    let mut line = serde_json::to_vec(kept)?;
    line.push(b'\n');
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(MODE)
        .open(path)?;
    file.write_all(&line)?;
    file.sync_data()
}

fn read(path: &Path) -> io::Result<Vec<Kept>> {
    let mut calls = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        // Half a line is of a process that died while it wrote.
        match serde_json::from_str(&line?) {
            Ok(kept) => calls.push(kept),
            Err(error) => tracing::error!(%error, "a call that was kept in a file cannot be read"),
        }
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use storage::Store;
    use storage::call_log::{Direction, Outcome};

    use super::*;

    fn call(sid: &str) -> (NewCallLog, CallSummary) {
        let at: jiff::Timestamp = "2026-11-23T15:00:00Z".parse().expect("valid");
        let call = NewCallLog {
            call_sid: sid.to_owned(),
            direction: Direction::Inbound,
            from_number: Some("+12175550177".to_owned()),
            to_number: None,
            started_at: at,
        };
        let summary = CallSummary {
            ended_at: at,
            duration_ms: 4_000,
            outcome: Outcome::Transferred,
            end_reason: "we hung up".to_owned(),
            customer: None,
            appointment: None,
            required_human_transfer: true,
            transcript: Vec::new(),
            turns: Vec::new(),
            tools_used: Vec::new(),
        };
        (call, summary)
    }

    #[tokio::test]
    async fn calls_of_an_outage_wait_on_the_disk_and_are_written_when_it_is_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let unsaved = Unsaved::within(folder.path());
        let gone = Store::open_in_memory().await.expect("a store");
        gone.backend.close().await;
        unsaved.restore(gone.call_logs.as_ref()).await;
        for sid in ["CA1", "CA2"] {
            let (call, summary) = call(sid);
            unsaved.keep(call, summary).await;
        }
        unsaved.restore(gone.call_logs.as_ref()).await;
        let file = folder.path().join(FILE);
        let mode = file.metadata().expect("it waits").permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        // A process that died while it wrote.
        let mut torn = OpenOptions::new().append(true).open(&file).expect("ours");
        torn.write_all(b"{\"call\": {\"ca").expect("written");
        let there = Store::open_in_memory().await.expect("a store");
        Unsaved::within(folder.path())
            .restore(there.call_logs.as_ref())
            .await;
        for sid in ["CA1", "CA2"] {
            let row = there.call_logs.by_sid(sid).await.expect("readable");
            let row = row.expect("restored");
            assert_eq!(row.call.from_number.as_deref(), Some("+12175550177"));
            assert_eq!(row.summary, Some(call(sid).1));
        }
        assert!(!file.exists());
    }
}
