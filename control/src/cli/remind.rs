//! `otto remind`: reaches customers who are to be reminded. `otto serve` does so beside its calls;
//! this is for a process of its own, for one pass, and for looking at what one would do.

use std::process::ExitCode;
use std::sync::Arc;

use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use pipeline::metrics::Metrics;
use storage::Locations;
use storage::reminder::Briefing;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Flags;
use crate::config::Config;
use crate::observe::{self, LogFormat};
use crate::reminders::policy::Verdict;
use crate::reminders::runner::{Report, kind};
use crate::reminders::{Policies, Runner};
use crate::{database, server};

#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Args {
    /// Go on until told to stop
    #[arg(long, conflicts_with_all = ["once", "dry_run"])]
    worker: bool,
    /// Work through what is due now, and end
    #[arg(long)]
    once: bool,
    /// Say what would be done with what is due, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Rows that are counted.
const MOST: u32 = 100_000;

/// Reminds, or says whom it would remind.
///
/// # Errors
/// Where the book cannot be opened, or a setting is missing without which nobody can be called.
pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    observe::start_logging(&config.log, LogFormat::Text);
    observe::keep_panics_private();
    let locations = server::locations(&config)?;
    let store = database::open(&config.database).await?;
    let clock = flags.clock();
    let policies = Policies::new(&config, locations.clone());
    println!("reminders: {}", policies.guard().sentence());
    if args.dry_run {
        let rehearsed = Runner::rehearse(&store, &policies, &clock, MOST).await;
        store.backend.close().await;
        let (judged, more) = rehearsed?;
        println!("{}", shown(&judged, &locations));
        if more > 0 {
            println!("and {more} more are due");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let base_url = config.base_url.clone();
    let metrics = Arc::<Metrics>::default();
    let runner = Runner::new(&config, base_url, locations, store.clone(), clock, metrics);
    let runner = match runner {
        Ok(runner) => runner,
        Err(error) => {
            store.backend.close().await;
            return Err(error.into());
        }
    };
    let stopping = stop_on_signal()?;
    if args.worker {
        runner.work(stopping).await;
        store.backend.close().await;
        return Ok(ExitCode::SUCCESS);
    }
    let bar = if policies.guard().leaves().is_none() {
        let due = store.reminders.due(clock.now(), MOST).await?;
        ProgressBar::new(due.len() as u64).with_style(ProgressStyle::with_template(BAR)?)
    } else {
        // Most of what is due is not for us.
        ProgressBar::no_length()
    };
    let passed = runner.pass(&stopping, |_| bar.inc(1)).await;
    bar.finish_and_clear();
    store.backend.close().await;
    println!("{}", passed_through(&passed?));
    Ok(ExitCode::SUCCESS)
}

const BAR: &str = "{bar:40} {pos}/{len} {elapsed_precise} {msg}";

/// Cancelled by the first SIGTERM or SIGINT.
fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stopping = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = stopping.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    });
    Ok(stopping)
}

fn passed_through(report: &Report) -> String {
    if report.is_empty() {
        return "nothing was due".to_owned();
    }
    let mut table = table(&["what", "of", "how many", "why"]);
    for (what, kind, why, count) in report.lines() {
        let count = count.to_string();
        table.add_row([what.word(), kind, &count, why]);
    }
    format!("{table}\n{report}")
}

fn shown(judged: &[(Briefing, Verdict)], locations: &Locations) -> String {
    if judged.is_empty() {
        return "nothing is due".to_owned();
    }
    let mut table = table(&["appointment", "starts", "of", "would be", "why"]);
    for (briefing, verdict) in judged {
        let location = locations.of(&briefing.appointment.location);
        let at = |at| location.local(at).strftime("%a %b %-d %H:%M").to_string();
        let (what, why) = match verdict {
            Verdict::Act => ("sent now".to_owned(), ""),
            Verdict::Wait { until, why } => (format!("looked at {}", at(*until)), *why),
            Verdict::Skip { why } => ("skipped".to_owned(), *why),
            Verdict::Leave { why } => ("left open".to_owned(), *why),
        };
        let appointment = briefing.appointment.id.0.to_string();
        let starts = at(briefing.appointment.starts_at);
        let kind = kind(briefing.reminder.kind);
        table.add_row([appointment.as_str(), &starts, kind, &what, why]);
    }
    table.to_string()
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(header);
    table
}
