//! `otto demo`: five calls to a real server on loopback, in real time, and what the database then
//! holds.
//!
//! The server runs in this process, on a free port, with a fresh book of fictional people and a
//! business clock that starts on a fixed Monday morning; the callers reach it by sockets only.

mod checks;
mod scenario;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, Zoned};
use reqwest::Url;
use storage::{Address, Location};
use tokio_util::sync::CancellationToken;

use super::Flags;
use super::call;
use crate::caller::conduct::Conduct;
use crate::caller::console::Console;
use crate::caller::script::{Prompter, Script};
use crate::caller::stream::Mind;
use crate::caller::voice::Repertoire;
use crate::caller::{CallPlan, CallRecord, Network, place};
use crate::clock::BusinessClock;
use crate::config::{Config, Key, Origin, Sources, SpeechMode};
use crate::observe::{self, LogFormat};
use crate::server::{self, Server};
use crate::speech;
use crate::timeline::{self, Check, Entry};
use checks::Book;
use scenario::{PATIENCE, SCENARIOS, Scenario};

/// Where the demo's business time begins: a Monday morning in a week with a holiday.
const MORNING: &str = "2026-11-23T09:00:00-06:00[America/Chicago]";

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Calls at the same time
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    parallel: u8,
    /// Play only this scenario, counted from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    only: Option<u8>,
    /// Keep the book here, in an empty database, and not in a new file: postgres://…
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Share media tokens by way of this server: redis://…
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
}

/// Plays the demo.
///
/// # Errors
/// Where the server does not start or a file cannot be written. A call that goes wrong is a failed
/// check, not an error.
pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<ExitCode> {
    let stage = Stage::set(flags, &args).await?;
    let numbers =
        (0..SCENARIOS.len()).filter(|n| args.only.is_none_or(|o| usize::from(o) == n + 1));
    let mut played: Vec<Played> = stream::iter(numbers)
        .map(|number| stage.play(number))
        .buffer_unordered(usize::from(args.parallel))
        .collect()
        .await;
    played.sort_by_key(|p| p.number);
    let timeline = stage.timeline(&played)?;
    let green = played.iter().filter(|p| p.is_green()).count();
    report(&played);
    let database = stage.database.clone();
    let speech = stage.speech;
    // Nobody is on the line any more: there is nothing to wait for.
    stage.server.stop(std::future::ready(())).await;
    println!(
        "demo: {green}/{} scenarios, speech={speech}, db={}, timeline={}",
        played.len(),
        database,
        timeline.display()
    );
    Ok(if green == played.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Everything that the calls need.
struct Stage {
    server: Server,
    location: Arc<Location>,
    morning: Zoned,
    repertoire: Repertoire,
    /// Where the files go.
    folder: PathBuf,
    database: Address,
    /// `recognised` or `typed`.
    speech: &'static str,
    webhook: Url,
}

/// One call and its judgement.
struct Played {
    number: usize,
    /// Absent where the call did not come about.
    record: Option<CallRecord>,
    checks: Vec<Check>,
}

impl Played {
    fn is_green(&self) -> bool {
        self.record.is_some() && self.checks.iter().all(Check::passed)
    }
}

impl Stage {
    async fn set(flags: &Flags, args: &Args) -> anyhow::Result<Self> {
        let morning: Zoned = MORNING.parse()?;
        let now = flags.now.unwrap_or_else(|| morning.timestamp());
        let config = demo_config(flags, args)?;
        let folder = config.data_dir.clone();
        let database = config.database.clone();
        let mode = config.speech;
        // The console belongs to the calls; what is wrong still shows.
        observe::start_logging("warn", LogFormat::Text);
        if config.database != own_file(&folder) {
            nobody_else_in(&config.database).await?;
        }
        let location = server::location(&config)?;
        let server = Server::start(config, BusinessClock::starting_at(now)).await?;
        let morning = location.local(now);
        storage::seed::seed(server.store(), &location, &morning).await?;

        let typed = server.typed_speech();
        if typed
            && mode != SpeechMode::Typed
            && let Err(missing) = speech::engines()
        {
            println!(
                "words are typed, not recognised: {missing}\nall that recognition takes: {}",
                speech::remedy()
            );
        }
        let (voice, note) = call::voice(mode)?;
        println!("{note}");
        let mut repertoire = Repertoire::new(voice);
        for scenario in &SCENARIOS {
            let script = Script::parse(scenario.script)?;
            let rehearsed = repertoire.rehearse(script.words()).await;
            rehearsed.map_err(anyhow::Error::msg)?;
        }
        let webhook = format!("http://{}/api/v1/webhooks/inbound-call", server.address());
        Ok(Self {
            webhook: webhook.parse()?,
            server,
            location,
            morning,
            repertoire,
            folder,
            database,
            speech: if typed { "typed" } else { "recognised" },
        })
    }

    /// Plays one scenario and judges it.
    async fn play(&self, number: usize) -> Played {
        let scenario = &SCENARIOS[number];
        let failed = |why: String| Played {
            number,
            record: None,
            checks: vec![Check {
                what: "the call".to_owned(),
                expected: "played".to_owned(),
                found: why,
            }],
        };
        let record = match self.call(number, scenario).await {
            Ok(record) => record,
            Err(error) => return failed(format!("{error:#}")),
        };
        let book = Book {
            store: self.server.store(),
            location: &self.location,
            morning: &self.morning,
        };
        match book.judge(scenario, &record).await {
            Ok(checks) => Played {
                number,
                record: Some(record),
                checks,
            },
            Err(error) => failed(error.to_string()),
        }
    }

    async fn call(&self, number: usize, scenario: &Scenario) -> anyhow::Result<CallRecord> {
        let script = Script::parse(scenario.script)?;
        let plan = CallPlan {
            title: scenario.title.to_owned(),
            webhook: self.webhook.clone(),
            network: Network::default(),
            from: scenario.from.to_owned(),
            to: self.location.phone.as_str().to_owned(),
            mind: Mind::Script(Box::new(Conduct::new(Prompter::new(script)))),
            repertoire: self.repertoire.clone(),
            patience: PATIENCE,
            hang_up: CancellationToken::new(),
            token: None,
        };
        let mut console = Console::new(&format!("{} ", number + 1), call::colours());
        let record = place(plan, |event| call::print(&console.lines(event))).await?;
        let stem = format!("call-{}", number + 1);
        call::save_recording(&record, &self.folder, &stem)?;
        Ok(record)
    }

    fn timeline(&self, played: &[Played]) -> anyhow::Result<PathBuf> {
        let entries: Vec<Entry<'_>> = played
            .iter()
            .filter_map(|p| {
                Some(Entry {
                    record: p.record.as_ref()?,
                    checks: Some(&p.checks),
                })
            })
            .collect();
        let subtitle = format!(
            "{} · one machine, real sockets, real time · words {}",
            self.morning.strftime("%A, %-d %B %Y, %H:%M %Z"),
            self.speech
        );
        let path = self.folder.join("timeline.html");
        let page = timeline::page("Otto answers five calls", &subtitle, &entries);
        call::write(&path, page.as_bytes())?;
        Ok(path)
    }
}

/// The process's configuration, but for what a demo must not share with a server: the address, the
/// book and the folder are its own.
fn demo_config(flags: &Flags, args: &Args) -> anyhow::Result<Config> {
    let usual = Config::load(flags)?;
    let stamp = Timestamp::now()
        .strftime("demo-%Y%m%d-%H%M%S-%3f")
        .to_string();
    let folder = usual.data_dir.join(stamp);
    std::fs::create_dir_all(&folder)?;
    let mut sources = Sources::default();
    let own = [
        (Key::Host, "127.0.0.1".to_owned()),
        (Key::Port, "0".to_owned()),
        (Key::DataDir, path(&folder)),
        (
            Key::DatabaseUrl,
            args.database
                .clone()
                .unwrap_or_else(|| format!("sqlite://{}", own_file(&folder))),
        ),
        (Key::Speech, usual.speech.to_string()),
        // These people are nobody, so their words may be kept, and their calls replayed.
        (Key::CallEvents, "whole".to_owned()),
    ];
    for (key, value) in own {
        sources.set(key, value, Origin::CommandLine);
    }
    if let Some(redis) = &args.redis {
        sources.set(Key::RedisUrl, redis.clone(), Origin::CommandLine);
    }
    if let Some(location) = &usual.location {
        sources.set(Key::Location, path(location), Origin::CommandLine);
    }
    Ok(Config::parse(&sources)?)
}

fn own_file(folder: &Path) -> Address {
    Address::Sqlite(folder.join("otto.db"))
}

/// The demo's people and calls do not mix with customers.
async fn nobody_else_in(database: &Address) -> anyhow::Result<()> {
    let store = crate::database::open(database).await?;
    let people = store.customers.count().await;
    store.backend.close().await;
    anyhow::ensure!(
        people? == 0,
        "--database: {database} holds customers; the demo wants an empty database"
    );
    Ok(())
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// Tells what was expected and found wherever they differ.
fn report(played: &[Played]) {
    for call in played {
        let mark = if call.is_green() { "ok" } else { "FAILED" };
        println!(
            "{} {}: {mark}",
            call.number + 1,
            SCENARIOS[call.number].title
        );
        for check in call.checks.iter().filter(|c| !c.passed()) {
            println!(
                "    {}: expected {}, found {}",
                check.what, check.expected, check.found
            );
        }
    }
}
