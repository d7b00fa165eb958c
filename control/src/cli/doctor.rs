//! `otto doctor`: checks each part and names the remedy for what is broken.

mod calendar;
mod database;
mod redis;
mod vendors;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use pipeline::{Arrival, DataPlane, DataPlaneConfig, SpeechConfig, SttConfig, TtsConfig};
use storage::Language;
use tokio::net::{TcpListener, TcpStream};

use super::Flags;
use crate::config::{Config, SpeechMode};
use crate::telephony::rest::Rest;
use crate::{server, speech};

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {}

/// How long the voice thread is watched, with a call: an idle one sleeps.
const WATCH: Duration = Duration::from_secs(1);
/// A tick that begins later than this can be heard.
const LATE_TICK: Duration = Duration::from_millis(10);

/// What a check found.
enum Finding {
    Well(String),
    /// It works, but not as well as it could.
    Weak {
        what: String,
        remedy: Cow<'static, str>,
    },
    Broken {
        what: String,
        remedy: Cow<'static, str>,
    },
}

use Finding::{Broken, Weak, Well};

/// Prints a line for each part; exit 1 where a required one is broken.
///
/// # Errors
/// Where the configuration is wrong: nothing can be checked without it.
pub async fn run(flags: &Flags, _: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let findings = [
        ("data folder", data_dir(&config)),
        ("location", location(&config)),
        ("database", database::check(&config.database).await),
        ("redis", redis::check(config.redis.as_ref()).await),
        ("speech", speech(config.speech).await),
        ("languages", languages(&config)),
        (
            "deepgram",
            vendors::deepgram(config.deepgram.as_ref()).await,
        ),
        (
            "language model",
            vendors::openai(config.openai.as_ref()).await,
        ),
        ("twilio", twilio(&config).await),
        ("calendar", calendar::check(&config, flags.clock()).await),
        ("port", port(&config).await),
        ("voice thread", voice_thread().await),
    ];
    let mut code = ExitCode::SUCCESS;
    for (part, finding) in findings {
        match finding {
            Well(what) => println!("ok      {part}: {what}"),
            Weak { what, remedy } => println!("weak    {part}: {what}; {remedy}"),
            Broken { what, remedy } => {
                println!("BROKEN  {part}: {what}; {remedy}");
                code = ExitCode::FAILURE;
            }
        }
    }
    for note in &config.notes {
        println!("note    {note}");
    }
    Ok(code)
}

fn data_dir(config: &Config) -> Finding {
    let dir = &config.data_dir;
    let probe = dir.join(".otto-doctor");
    let tried = std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&probe, b"ok"))
        .and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Well(dir.display().to_string()),
        Err(error) => Broken {
            what: format!("{} cannot be written: {error}", dir.display()),
            remedy: "set OTTO_DATA_DIR to a folder we may write to".into(),
        },
    }
}

fn location(config: &Config) -> Finding {
    match server::locations(config) {
        Ok(locations) if locations.are_several() => Well(server::named(&locations)),
        Ok(locations) => Well(format!(
            "{}, {} services",
            locations.first().name,
            locations.first().services.len()
        )),
        Err(error) => Broken {
            what: error.to_string(),
            remedy: "correct the file, or leave OTTO_LOCATION unset for the example".into(),
        },
    }
}

/// Whether callers are understood in the languages that the locations speak.
fn languages(config: &Config) -> Finding {
    let Ok(locations) = server::locations(config) else {
        return Well("not known without a location".to_owned());
    };
    let spanish = locations
        .iter()
        .any(|location| location.spoken.has(Language::Spanish));
    let bought = config.speech == SpeechMode::Auto && config.deepgram.is_some();
    match (spanish, bought || config.speech == SpeechMode::Typed) {
        (false, _) => Well("English".to_owned()),
        (true, true) => Well("English and Spanish".to_owned()),
        (true, false) => Weak {
            what: "a location speaks Spanish, and the engines on this machine know English only"
                .to_owned(),
            remedy: "set DEEPGRAM_API_KEY to hear and speak Spanish".into(),
        },
    }
}

async fn speech(mode: SpeechMode) -> Finding {
    if mode == SpeechMode::Typed {
        return Well("typed beside the audio, as asked".to_owned());
    }
    let unwell = |what: String| match mode {
        SpeechMode::Recognised => Broken {
            what,
            remedy: speech::remedy().into(),
        },
        SpeechMode::Auto | SpeechMode::Typed => Weak {
            what: format!("callers' words will be typed: {what}"),
            remedy: speech::remedy().into(),
        },
    };
    let engines = match tokio::task::spawn_blocking(speech::engines).await {
        Ok(Ok(engines)) => engines,
        Ok(Err(error)) => return unwell(error.to_string()),
        Err(error) => return unwell(error.to_string()),
    };
    match engines.check().await {
        Ok(check) => Well(format!(
            "said and understood {:?}; first audio after {} ms, words after {} ms",
            check.sentence,
            check.first_audio.as_millis(),
            check.recognition.as_millis()
        )),
        Err(error) => unwell(error.to_string()),
    }
}

async fn twilio(config: &Config) -> Finding {
    let Some(account) = config.twilio.account() else {
        return Well("no account; calls come in, none are placed or ended from here".to_owned());
    };
    match Rest::new(account, Arc::default()).probe().await {
        Ok(sentence) => Well(sentence),
        Err(error) => Broken {
            what: error.to_string(),
            remedy: "correct the TWILIO_ keys, or leave TWILIO_ACCOUNT_SID unset".into(),
        },
    }
}

async fn port(config: &Config) -> Finding {
    let address = SocketAddr::new(config.host, config.port);
    match TcpListener::bind(address).await {
        Ok(_) => Well(format!("{address} is free")),
        Err(error) => Broken {
            what: format!("{address} cannot be had: {error}"),
            remedy: "set PORT to another one, or stop whoever has it".into(),
        },
    }
}

/// Starts a data plane, gives it a call from this machine, and watches its clock.
async fn voice_thread() -> Finding {
    let typed = SpeechConfig {
        stt: SttConfig::Typed,
        tts: TtsConfig::Typed,
    };
    let started = DataPlane::start(DataPlaneConfig {
        calls_per_shard: 1,
        realtime: true,
        ..DataPlaneConfig::new(typed)
    });
    let data_plane = match started {
        Ok(data_plane) => data_plane,
        Err(error) => {
            return Broken {
                what: error.to_string(),
                remedy: "raise the limits on threads and descriptors (ulimit -u, ulimit -n)".into(),
            };
        }
    };
    let watched = watch_a_call(&data_plane).await;
    let realtime = data_plane.realtime();
    let late = data_plane.metrics().tick_late.snapshot();
    data_plane.shutdown().await;
    let broken = |what: String| Broken {
        what,
        remedy: "allow connections on the loopback interface".into(),
    };
    if let Err(error) = watched {
        return broken(format!("no call could be put through: {error}"));
    }
    let ticks = late.count();
    let Some(late) = late.quantile(0.95) else {
        return broken("it did not tick during a call".to_owned());
    };
    let what = format!(
        "95 of 100 ticks of a call begin within {} µs ({ticks} watched)",
        late.as_micros()
    );
    if late > LATE_TICK {
        return Weak {
            what,
            remedy: "this machine is too busy for calls; give Otto a core of its own".into(),
        };
    }
    if realtime {
        Well(format!("{what}, real-time priority granted"))
    } else {
        Weak {
            what: format!("{what}, without real-time priority"),
            remedy: "allow it (CAP_SYS_NICE, or an rtprio limit) where calls share the machine"
                .into(),
        }
    }
}

/// A silent call over loopback, for as long as the voice thread is watched.
async fn watch_a_call(data_plane: &DataPlane) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let caller = TcpStream::connect(listener.local_addr()?).await?;
    let (socket, _) = listener.accept().await?;
    let call = data_plane.admit(Arrival {
        socket: socket.into_std()?,
        early: Vec::new(),
        stream_sid: "MZdoctor".to_owned(),
    })?;
    tokio::time::sleep(WATCH).await;
    drop((call, caller));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_voice_thread_is_judged_by_the_ticks_of_a_call() {
        let (Well(what) | Weak { what, .. } | Broken { what, .. }) = voice_thread().await;
        let (_, ticks) = what.split_once('(').expect("a count of ticks");
        let ticks: u32 = ticks
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number");
        assert!(ticks >= 10, "{what}");
        assert!(!what.contains("within 0 µs"), "{what}");
    }
}
