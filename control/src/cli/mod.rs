//! The command line: one file per command.

pub mod call;
pub mod demo;
pub mod doctor;
pub mod migrate;
pub mod remind;
pub mod replay;
pub mod seed;
pub mod serve;
pub mod vad;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::clock::BusinessClock;
use crate::config::{Key, Origin, Sources, SpeechMode};

/// What to do first.
const BEGIN: &str = "Begin with `otto demo`: five calls on real audio, and what the book then \
                     holds.\nOr talk to it: `otto seed`, `otto serve`, and `otto call` in another \
                     terminal.";

/// Answers a car dealership's telephone.
#[derive(Debug, Parser)]
#[command(name = "otto", version, about, after_help = BEGIN)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands. A flag wins over the environment and the configuration file.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Flags {
    /// Business time to begin with, for demos and tests: 2026-11-23T09:00:00-06:00
    #[arg(long, global = true, value_name = "RFC3339", value_parser = business_time)]
    pub now: Option<Timestamp>,
    /// A TOML file of settings (OTTO_CONFIG)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the database and other files are kept (OTTO_DATA_DIR)
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How the caller's words are known (OTTO_SPEECH)
    #[arg(long, global = true, value_enum, value_name = "MODE")]
    pub speech: Option<SpeechMode>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer calls
    Serve(serve::Args),
    /// Bring the database's schema up to date
    Migrate(migrate::Args),
    /// Fill an empty book with fictional people
    Seed,
    /// Remind customers of their appointments
    Remind(remind::Args),
    /// Call an agent as the telephone network would
    Call(Box<call::Args>),
    /// Play five calls against a real server and check what its database then holds
    Demo(demo::Args),
    /// Check each part, and name the remedy for what is broken
    Doctor(doctor::Args),
    /// Lead a call again from its event log, and tell what would be another
    Replay(replay::Args),
    /// Run the speech detector over labelled audio
    Vad(vad::Args),
    /// Speech engines in a process of their own; started by the others
    #[command(hide = true)]
    SpeechWorker,
}

impl Flags {
    /// Adds what was given to the sources of the configuration.
    pub fn settings(&self, sources: &mut Sources) {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|p| p.display().to_string());
        let given = [
            (Key::Config, path(&self.config)),
            (Key::DataDir, path(&self.data_dir)),
            (Key::Speech, self.speech.map(|mode| mode.to_string())),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                sources.set(key, value, Origin::CommandLine);
            }
        }
    }

    #[must_use]
    pub fn clock(&self) -> BusinessClock {
        self.now
            .map_or_else(BusinessClock::real, BusinessClock::starting_at)
    }
}

/// Runs the command that this process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { flags, command } = Cli::parse();
    // Before any runtime: the worker is single-threaded, and C libraries are loaded into it.
    if let Command::SpeechWorker = command {
        return crate::speech::worker();
    }
    // The one TLS provider, before anything may want another. It fails only where one is installed.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("control")
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(flags, command)),
        Err(error) => Err(anyhow::anyhow!("no threads to run on: {error}")),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("otto: {}", in_full(&error));
            ExitCode::FAILURE
        }
    }
}

/// A moment that calendars agree about, with room before and after it for what is booked.
fn business_time(text: &str) -> Result<Timestamp, String> {
    const FORM: &str = "expected a moment from 2000 to 2999, like 2026-11-23T09:00:00-06:00";
    let moment: Timestamp = text.parse().map_err(|_| FORM.to_owned())?;
    let year = moment.to_zoned(jiff::tz::TimeZone::UTC).year();
    if (2000..3000).contains(&year) {
        Ok(moment)
    } else {
        Err(FORM.to_owned())
    }
}

/// An error and its causes, but for those that it has told already.
fn in_full(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

async fn run(flags: Flags, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => serve::run(&flags, args).await,
        Command::Migrate(args) => migrate::run(&flags, args).await,
        Command::Remind(args) => Box::pin(remind::run(&flags, args)).await,
        Command::Seed => seed::run(&flags).await,
        Command::Call(args) => Box::pin(call::run(&flags, *args)).await,
        Command::Demo(args) => demo::run(&flags, args).await,
        Command::Doctor(args) => doctor::run(&flags, args).await,
        Command::Replay(args) => replay::run(&flags, &args),
        Command::Vad(args) => vad::run(&args),
        Command::SpeechWorker => unreachable!("invariant: it is run before any runtime"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn business_time_begins_at_a_moment_that_leaves_room() {
        assert!(business_time("2026-11-23T09:00:00-06:00").is_ok());
        for odd in [
            "",
            "today",
            "2026-11-23",
            "9999-12-30T21:59:59Z",
            "1999-12-31T00:00:00Z",
        ] {
            let refused = business_time(odd).expect_err(odd);
            assert!(refused.contains("2026-11-23T09:00:00-06:00"), "{refused}");
        }
    }

    #[test]
    fn a_cause_is_told_once() {
        let io = || std::io::Error::other("disk on fire");
        let repeated = crate::speech::NoSpeech::OwnPath(io());
        assert_eq!(in_full(&repeated.into()).matches("disk on fire").count(), 1);
        let wrapped = anyhow::Error::from(io()).context("cannot write x.wav");
        assert_eq!(in_full(&wrapped), "cannot write x.wav: disk on fire");
    }

    #[test]
    fn shared_flags_may_stand_behind_the_command() {
        let cli = Cli::try_parse_from([
            "otto",
            "serve",
            "--now",
            "2026-11-23T09:00:00-06:00",
            "--speech",
            "typed",
        ])
        .expect("valid");
        assert_eq!(cli.flags.speech, Some(SpeechMode::Typed));
        let now = cli.flags.now.expect("given");
        assert_eq!(now.to_string(), "2026-11-23T15:00:00Z");
    }
}
