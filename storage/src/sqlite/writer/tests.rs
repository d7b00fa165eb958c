//! Writers that meet. What one of them sees of the disk, it sees by a connection of its own.

use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::*;

struct Scene {
    writer: Writer,
    path: PathBuf,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("scene.db");
        let mut connection = connection(&path).await;
        let schema = "CREATE TABLE owners (name TEXT PRIMARY KEY);
            CREATE TABLE things (name TEXT PRIMARY KEY, owner TEXT REFERENCES owners (name))";
        let made = connection.execute(sqlx::raw_sql(schema)).await;
        made.expect("a schema");
        Self {
            writer: Writer::new(connection),
            path,
            _folder: folder,
        }
    }

    async fn adds(&self, name: &str) -> Result<(), StorageError> {
        self.writer
            .write(async |connection| insert(connection, name).await)
            .await
    }

    /// What is on the disk.
    async fn kept(&self) -> Vec<String> {
        kept(&self.path).await
    }
}

async fn connection(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal);
    let opened = SqliteConnection::connect_with(&options).await;
    opened.expect("a file")
}

async fn insert(connection: &mut SqliteConnection, name: &str) -> Result<(), StorageError> {
    let query = sqlx::query("INSERT INTO things (name) VALUES ($1)").bind(name);
    query.execute(connection).await?;
    Ok(())
}

async fn kept(path: &Path) -> Vec<String> {
    let mut other = connection(path).await;
    let names = sqlx::query_scalar("SELECT name FROM things ORDER BY name");
    names.fetch_all(&mut other).await.expect("readable")
}

/// Until so many more ask than have been lent the connection.
async fn queued(writer: &Writer, many: usize) {
    while writer.asks.max_capacity() - writer.asks.capacity() < many {
        yield_now().await;
    }
}

#[tokio::test]
async fn who_asks_while_another_writes_shares_its_commit() {
    let scene = Scene::new().await;
    let first = scene.writer.write(async |connection| {
        insert(connection, "first").await?;
        queued(&scene.writer, 1).await;
        Ok::<_, StorageError>(())
    });
    let second = scene.writer.write(async |connection| {
        insert(connection, "second").await?;
        // The first is done, and not yet answered.
        Ok::<_, StorageError>(kept(&scene.path).await)
    });
    let (first, second) = tokio::join!(first, second);
    first.expect("kept");
    assert_eq!(second.expect("kept"), [""; 0]);
    assert_eq!(scene.kept().await, ["first", "second"]);
}

#[tokio::test]
async fn who_is_refused_is_undone_alone() {
    let scene = Scene::new().await;
    let refused = scene.writer.write(async |connection| {
        insert(connection, "refused").await?;
        queued(&scene.writer, 2).await;
        insert(connection, "refused").await
    });
    let (refused, second, third) = tokio::join!(refused, scene.adds("second"), scene.adds("third"));
    assert!(matches!(refused, Err(StorageError::Database(_))));
    second.expect("kept");
    third.expect("kept");
    assert_eq!(scene.kept().await, ["second", "third"]);
}

#[tokio::test]
async fn who_gives_up_half_way_leaves_nothing_and_keeps_nobody_waiting() {
    let scene = Scene::new().await;
    let (begun, has_begun) = oneshot::channel();
    let stuck = scene.writer.write(async |connection| {
        insert(connection, "stuck").await?;
        begun.send(()).expect("somebody listens");
        std::future::pending::<Result<(), StorageError>>().await
    });
    tokio::select! {
        _ = stuck => unreachable!("it waits for ever"),
        told = has_begun => told.expect("begun"),
    }
    scene.adds("next").await.expect("kept");
    assert_eq!(scene.kept().await, ["next"]);
}

#[tokio::test]
async fn where_the_commit_fails_all_are_told_and_nothing_is_kept() {
    let scene = Scene::new().await;
    let first = scene.writer.write(async |connection| {
        insert(connection, "first").await?;
        queued(&scene.writer, 1).await;
        Ok::<_, StorageError>(())
    });
    // What is wrong with it shows at the end.
    let orphan = scene.writer.write(async |connection| {
        let steps = "PRAGMA defer_foreign_keys = ON;
            INSERT INTO things VALUES ('orphan', 'nobody')";
        connection.execute(sqlx::raw_sql(steps)).await?;
        Ok::<_, StorageError>(())
    });
    let (first, orphan) = tokio::join!(first, orphan);
    assert!(matches!(first, Err(StorageError::Commit(_))), "{first:?}");
    assert!(matches!(orphan, Err(StorageError::Commit(_))), "{orphan:?}");
    assert_eq!(scene.kept().await, [""; 0]);
    scene.adds("next").await.expect("kept");
    assert_eq!(scene.kept().await, ["next"]);
}

#[tokio::test]
async fn who_asked_before_the_end_still_writes() {
    let scene = Scene::new().await;
    let (last, ()) = tokio::join!(scene.adds("last"), scene.writer.close());
    last.expect("kept");
    let late = scene.adds("late").await;
    assert!(matches!(
        late,
        Err(StorageError::Database(sqlx::Error::PoolClosed))
    ));
    assert_eq!(scene.kept().await, ["last"]);
}
