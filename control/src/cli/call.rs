//! `otto call`: calls an agent as the telephone network would, shows the call live, and keeps its
//! recording and its timeline.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::Url;
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Flags;
use crate::caller::conduct::Conduct;
use crate::caller::console::Console;
use crate::caller::limits::{MAX_SCRIPT_BYTES, MAX_WAV_BYTES};
use crate::caller::line::Line;
use crate::caller::script::{Prompter, Script};
use crate::caller::stream::Mind;
use crate::caller::voice::{Buzzed, Repertoire, Synthesised, Voice};
use crate::caller::webhook::WebhookError;
use crate::caller::{CallError, CallPlan, CallRecord, Ending, Network, place, wav};
use crate::config::{Config, SpeechMode};
use crate::server;
use crate::telephony::signature::SignatureKey;
use crate::timeline;

/// Lines typed ahead of the caller's mouth.
const TYPED_AHEAD: usize = 16;

/// What a program that was interrupted exits with, by convention.
const INTERRUPTED: i32 = 130;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The agent's address [default: the port of the configuration, on this machine]
    #[arg(long, value_name = "URL", value_parser = server_url)]
    server: Option<Url>,
    /// The caller's number
    #[arg(long, default_value = "+12175550101", value_name = "NUMBER")]
    from: String,
    /// The number that is dialled [default: the location's]
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    #[command(flatten)]
    what: What,
    /// Hang up after this many seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    limit: u64,
    /// Where the recording and the timeline go [default: `calls` in the data directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What the caller says. Without any of these, it is typed at the keyboard.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct What {
    /// Answer by a script: `question: words`, one a line
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Say this, then listen
    #[arg(long, value_name = "TEXT")]
    say: Option<String>,
    /// Play this recording (PCM16 or mu-law, mono or stereo), then listen
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
}

/// Whoever calls before anybody serves is told how to serve.
fn with_remedy(error: CallError) -> anyhow::Error {
    match &error {
        CallError::Webhook(WebhookError::Unreachable { .. }) => {
            anyhow!("{error}; start `otto serve` in another terminal, or name --server")
        }
        _ => error.into(),
    }
}

fn server_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("expected something like http://127.0.0.1:8000".to_owned()),
    }
}

/// Calls, and tells how it went.
///
/// # Errors
/// Where the call does not come about or its files cannot be written.
pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let location = server::location(&config)?;
    let webhook = match args.server {
        Some(url) => url,
        None => Url::parse(&format!("http://127.0.0.1:{}", config.port))?,
    }
    .join("/api/v1/webhooks/inbound-call")?;
    let (voice, note) = voice(flags.speech.unwrap_or(SpeechMode::Auto))?;
    let mut repertoire = Repertoire::new(voice);
    println!("{note}");
    let mind = mind(&args.what, &mut repertoire).await?;
    let plan = CallPlan {
        title: title(&args.what),
        webhook,
        network: Network {
            answers: None,
            account_sid: config.twilio.account_sid.clone(),
            signs: config
                .twilio
                .auth_token
                .as_ref()
                .map(|token| SignatureKey::new(token.expose_secret())),
        },
        from: args.from,
        to: args
            .to
            .unwrap_or_else(|| location.phone.as_str().to_owned()),
        mind,
        repertoire,
        patience: Duration::from_secs(args.limit),
        hang_up: hang_up_on_interrupt(),
        token: config
            .admin_token
            .as_ref()
            .map(|token| token.expose_secret().to_owned()),
    };
    let mut console = Console::new("", colours());
    let placed = place(plan, |event| print(&console.lines(event))).await;
    let record = placed.map_err(with_remedy)?;
    let folder = args.out.unwrap_or_else(|| config.data_dir.join("calls"));
    let stem = record.call_sid.get(..10).unwrap_or("call").to_owned();
    let recording = save_recording(&record, &folder, &stem)?;
    let entry = timeline::Entry {
        record: &record,
        checks: None,
    };
    let subtitle = format!("{} calls {}", record.from, record.to);
    let page = timeline::page("A call to Otto", &subtitle, &[entry]);
    let page_path = folder.join(format!("{stem}.html"));
    write(&page_path, page.as_bytes())?;
    println!("recording: {}", recording.display());
    println!("timeline: {}", page_path.display());
    Ok(match record.ending {
        Ending::Lost { .. } | Ending::TimedOut => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// The caller's voice, and a sentence about it.
pub(super) fn voice(mode: SpeechMode) -> anyhow::Result<(Arc<dyn Voice>, String)> {
    const TYPED: &str = "the caller's voice is a buzz and its words are typed, not recognised";
    if mode == SpeechMode::Typed {
        return Ok((Arc::new(Buzzed), TYPED.to_owned()));
    }
    match Synthesised::start() {
        Ok(voice) => {
            let note = "the caller's voice is synthesised on this machine".to_owned();
            Ok((Arc::new(voice), note))
        }
        Err(error) if mode == SpeechMode::Auto => {
            Ok((Arc::new(Buzzed), format!("{error}; so {TYPED}")))
        }
        Err(error) => Err(error.into()),
    }
}

async fn mind(what: &What, repertoire: &mut Repertoire) -> anyhow::Result<Mind> {
    let script = if let Some(path) = &what.script {
        Script::parse(&String::from_utf8_lossy(&read(path, MAX_SCRIPT_BYTES)?))
            .with_context(|| path.display().to_string())?
    } else if let Some(text) = &what.say {
        Script::single(Line::parse(text).context("--say")?)
    } else if let Some(path) = &what.wav {
        let samples =
            wav::read(&read(path, MAX_WAV_BYTES)?).with_context(|| path.display().to_string())?;
        let mulaw = samples.iter().map(|s| dsp::mulaw::encode(*s)).collect();
        let name = format!("[{}]", path.display());
        repertoire.record(&name, mulaw);
        Script::single(Line::Speech(name))
    } else {
        println!(
            "type what the caller says, Enter says it; typing while the agent talks interrupts \
             it;\n#123 presses keys; /hangup (or Ctrl-C) ends the call"
        );
        return Ok(Mind::Keyboard(keyboard()));
    };
    let rehearsed = repertoire.rehearse(script.words()).await;
    rehearsed.map_err(anyhow::Error::msg)?;
    Ok(Mind::Script(Box::new(Conduct::new(Prompter::new(script)))))
}

/// The first Ctrl-C hangs up, so that the call's files are still written; the second gives that up.
fn hang_up_on_interrupt() -> CancellationToken {
    let hang_up = CancellationToken::new();
    let told = hang_up.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    });
    hang_up
}

/// Lines from the keyboard; its end hangs up.
///
/// A thread of its own reads them, not the runtime: a call that is over must not wait for one more
/// line before the program can end.
fn keyboard() -> mpsc::Receiver<Line> {
    let (typed, lines) = mpsc::channel(TYPED_AHEAD);
    std::thread::spawn(move || {
        for text in io::stdin().lines() {
            let Ok(text) = text else { break };
            if text.trim().is_empty() {
                continue;
            }
            match Line::parse(&text) {
                Ok(line) => {
                    if typed.blocking_send(line).is_err() {
                        return;
                    }
                }
                Err(error) => println!("{error}"),
            }
        }
        // Nobody listens where the call is over already.
        let _ = typed.blocking_send(Line::HangUp);
    });
    lines
}

fn title(what: &What) -> String {
    let name = |path: &Path| {
        path.file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    match (&what.script, &what.say, &what.wav) {
        (Some(path), _, _) | (_, _, Some(path)) => name(path),
        (_, Some(text), _) => format!("“{text}”"),
        _ => "A typed call".to_owned(),
    }
}

/// Whether the terminal shows colours.
pub(super) fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Prints lines whole, whoever else prints.
pub(super) fn print(lines: &[String]) {
    let mut out = io::stdout().lock();
    for line in lines {
        // A closed pipe ends the showing, not the call.
        let _ = writeln!(out, "{line}");
    }
}

/// Writes the call's sound as `STEM.wav`: the caller left, the agent as heard right.
pub(super) fn save_recording(
    record: &CallRecord,
    folder: &Path,
    stem: &str,
) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("{stem}.wav"));
    write(&path, &wav::write_stereo(&record.caller, &record.agent))?;
    Ok(path)
}

/// Writes a file, and the folder it is in.
pub(super) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    std::fs::write(path, bytes).with_context(failed)
}

fn read(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(failed)?.len();
    if size > most as u64 {
        bail!("{}: {size} bytes, at most {most}", path.display());
    }
    std::fs::read(path).with_context(failed)
}
