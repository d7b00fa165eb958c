//! `otto replay`: leads a call again from its event log, and tells where it would go another way.
//!
//! Nothing is called and nothing is written: what tools and the model answered stands in the log.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use super::Flags;
use super::call;
use crate::caller::waterfall;
use crate::config::Config;
use crate::events::{self, Log, What};
use crate::feed::FeedEvent;
use crate::server;
use crate::session::{self, Difference};
use crate::telephony::CallSid;
use crate::timeline;

/// What of a line is shown.
const SHOWN: usize = 400;

/// The log cannot be read.
const UNREADABLE: u8 = 2;

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The event log of a call
    #[arg(value_name = "LOG", required_unless_present = "from_data")]
    log: Option<PathBuf>,
    /// The log of this call, from the data folder
    #[arg(long, value_name = "CALL_ID", conflicts_with = "log")]
    from_data: Option<String>,
    /// The part of the call after so many returns from a human
    #[arg(long, value_name = "N", default_value_t = 0, requires = "from_data")]
    returns: u8,
    /// Draw the call's timeline into this file
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,
}

/// Replays a log. The exit code is 0 where nothing differs, 1 where something does, 2 where the log
/// cannot be read.
///
/// # Errors
/// Where the configuration is wrong or the timeline cannot be written.
pub fn run(flags: &Flags, args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let log = match read(args, &config) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("otto: {}", super::in_full(&error));
            return Ok(ExitCode::from(UNREADABLE));
        }
    };
    if let Some(path) = &args.timeline {
        let page = timeline::page_of(&log);
        call::write(path, page.as_bytes())?;
        println!("timeline: {}", path.display());
    }
    print_waterfall(&log);
    if log.breaks_off() {
        println!("the log breaks off: the call goes on, or its program was killed or lost a line");
    }
    if log.header.masked {
        return Ok(order(&log));
    }
    let locations = server::locations(&config)?;
    let location = locations.by_key(&log.header.location);
    if events::digest(&locations) != log.header.locations {
        println!("the location files are not those of the call: what they changed differs below");
    }
    let location = location.unwrap_or_else(|| {
        println!(
            "no location is called {:?}: {} stands in for it",
            log.header.location,
            locations.first().key
        );
        locations.first()
    });
    let replayed = session::replay(&log, location, &locations);
    replayed.differences.iter().for_each(print_difference);
    println!(
        "replay: {} inputs, {} effects, {} differences",
        replayed.inputs,
        replayed.effects,
        replayed.differences.len()
    );
    Ok(if replayed.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(args: &Args, config: &Config) -> anyhow::Result<Log> {
    let path = match (&args.log, &args.from_data) {
        (Some(path), _) => path.clone(),
        (None, Some(call)) => {
            let call = CallSid::parse(call).context("--from-data")?;
            events::keep::find(&config.data_dir, &call, args.returns).with_context(|| {
                let folder = config.data_dir.display();
                format!(
                    "--from-data: no event log of {call} after {} returns in {folder}; name the \
                     folder of its server with --data-dir, and see OTTO_CALL_EVENTS",
                    args.returns
                )
            })?
        }
        (None, None) => anyhow::bail!("LOG: name the event log of a call, or --from-data CALL_ID"),
    };
    events::read::open(&path).with_context(|| path.display().to_string())
}

/// Each turn, and where its time went.
fn print_waterfall(log: &Log) {
    let header = &log.header;
    println!(
        "{}: {} at {}, otto {}",
        header.call, header.began, header.location, header.program
    );
    let turns = log.feed().filter_map(|line| match line.what {
        FeedEvent::Turn(timings) => Some(timings),
        _ => None,
    });
    for (number, timings) in (1..).zip(turns) {
        let stages = waterfall::stages(&timings);
        let shown: Vec<String> = stages
            .iter()
            .map(|stage| format!("{} {:.0}", stage.kind.name(), stage.length_ms()))
            .collect();
        println!(
            "turn {number} at {:.1} s: {} = {:.0} ms",
            timings.speech_end_at_ms as f64 / 1_000.0,
            shown.join(" + "),
            stages.last().map_or(0.0, |stage| stage.to_ms)
        );
    }
}

/// What a masked log can be asked: whether what was answered was asked for, and nothing was twice.
fn order(log: &Log) -> ExitCode {
    println!(
        "the log is masked: its words are not the caller's, so the conversation cannot be led again; \
         only the order of what happened is looked at (OTTO_CALL_EVENTS=whole keeps words)"
    );
    let mut running: Vec<u64> = Vec::new();
    let mut faults = 0;
    for written in &log.lines {
        let id = |value: &serde_json::Value| value.get("tool")?.get("id")?.as_u64();
        let fault = match &written.line.what {
            What::Out(out) => id(out).and_then(|id| {
                let again = running.contains(&id);
                running.push(id);
                again.then_some("a tool was begun twice")
            }),
            What::InMasked(given) => id(given)
                .filter(|id| !running.contains(id))
                .map(|_| "a tool answered that nobody had begun"),
            What::In(_) => Some("a masked log holds what is not masked"),
            What::Fact(_) => None,
        };
        if let Some(fault) = fault {
            faults += 1;
            println!("line {}: {fault}", written.number);
        }
    }
    println!(
        "replay: masked, {} lines in order, {faults} faults",
        log.lines.len()
    );
    if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_difference(difference: &Difference) {
    let shown = |side: &Option<String>| {
        let text = side.as_deref().unwrap_or("nothing");
        text.chars().take(SHOWN).collect::<String>()
    };
    println!("line {}:", difference.line);
    println!("    expected {}", shown(&difference.expected));
    println!("    got      {}", shown(&difference.got));
}
