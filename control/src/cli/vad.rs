//! `otto vad`: runs the detector over a labelled pack of telephone audio, as a call would.
//!
//! A pack is a folder: `manifest.json` lists the clips, `NAME.wav` is what the caller's telephone
//! sent, `NAME.far.wav`, where there is one, what it was playing meanwhile, and `labels.csv` says
//! where the caller speaks. `dsp/fit/pack.py` writes such packs.

mod score;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use dsp::barge_in::{BargeIn, Far, Verdict};
use dsp::{FRAME_MS, FRAME_SAMPLES, PcmFrame};
use serde::Deserialize;

use crate::caller::wav;

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The folder of the pack
    #[arg(long, value_name = "DIR")]
    pack: PathBuf,
    /// Which of the detector's stages decides
    #[arg(long, value_enum, default_value_t = Stage::Duck)]
    stage: Stage,
    /// Where the decisions are written: clip,t_ms,speech,barge,score
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Hold the decisions against the labels and print a table
    #[arg(long, required_unless_present = "csv")]
    score: bool,
}

/// The stages of an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stage {
    /// The agent falls silent, and may go on.
    Duck,
    /// The agent's turn is over.
    Commit,
}

/// `manifest.json`.
#[derive(Debug, Deserialize)]
struct Manifest {
    clips: Vec<Clip>,
}

/// One clip, as the manifest describes it.
#[derive(Clone, Debug, Deserialize)]
struct Clip {
    clip: String,
    file: String,
    far_file: Option<String>,
    category: String,
    noise: Option<String>,
    snr_db: Option<f32>,
}

/// What the detector said of one frame.
#[derive(Clone, Copy, Debug)]
struct Decision {
    /// How much audio had been heard by then.
    t_ms: u64,
    speech: bool,
    barge: bool,
    score: f32,
}

/// Runs the pack.
///
/// # Errors
/// Where the pack cannot be read or the file not be written.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let heard = hear(&args.pack, args.stage)?;
    if let Some(path) = &args.csv {
        std::fs::write(path, csv(&heard))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if args.score {
        print!("{}", score::table(&score::score(&args.pack, &heard)?));
    }
    Ok(ExitCode::SUCCESS)
}

/// The decisions on every clip of the pack.
fn hear(pack: &Path, stage: Stage) -> anyhow::Result<Vec<(Clip, Vec<Decision>)>> {
    let manifest: Manifest = serde_json::from_slice(&read(&pack.join("manifest.json"))?)
        .context("manifest.json is not what `otto vad` expects")?;
    let clips = manifest.clips.into_iter().map(|clip| {
        let near = samples(&pack.join(&clip.file))?;
        let far = clip.far_file.as_ref().map(|file| samples(&pack.join(file)));
        let far = far.transpose()?.unwrap_or_default();
        let decisions = decide(&near, &far, stage);
        Ok((clip, decisions))
    });
    clips.collect()
}

fn decide(near: &[i16], far: &[i16], stage: Stage) -> Vec<Decision> {
    let mut detector = BargeIn::default();
    let mut far = far.as_chunks::<FRAME_SAMPLES>().0.iter();
    let frames = near.as_chunks::<FRAME_SAMPLES>().0.iter();
    let decisions = frames.zip(1..).map(|(near, heard)| {
        let playing = far.next().filter(|frame| sounds(frame));
        let verdict = detector.handle_frame(near, playing.map_or(Far::Silent, Far::Audible));
        let barge = match verdict {
            Verdict::Onset { sure, .. } | Verdict::Voice { sure } => stage == Stage::Duck || sure,
            Verdict::Quiet | Verdict::Ended { .. } => false,
        };
        Decision {
            t_ms: heard * FRAME_MS,
            speech: detector.score() > 0.0,
            barge,
            score: detector.score(),
        }
    });
    decisions.collect()
}

fn sounds(frame: &PcmFrame) -> bool {
    frame.iter().any(|&sample| sample != 0)
}

fn csv(heard: &[(Clip, Vec<Decision>)]) -> String {
    let mut text = String::from("clip,t_ms,speech,barge,score\n");
    for (clip, decisions) in heard {
        for decision in decisions {
            let (speech, barge) = (u8::from(decision.speech), u8::from(decision.barge));
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{},{},{speech},{barge},{:.3}",
                clip.clip, decision.t_ms, decision.score
            );
        }
    }
    text
}

fn samples(path: &Path) -> anyhow::Result<Vec<i16>> {
    wav::read(&read(path)?).with_context(|| format!("cannot use {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../dsp/fit/pack")
    }

    /// The scores of our own pack, whose voices and echo paths the model was not fitted to.
    fn scored(stage: Stage) -> score::Scores {
        let heard = hear(&pack(), stage).expect("the pack is in the repository");
        score::score(&pack(), &heard).expect("with its labels")
    }

    #[test]
    fn the_agent_ducks_in_time_and_not_for_its_own_echo() {
        let scores = scored(Stage::Duck);
        // Of the clean onsets one begins with a soft hiss, which might be a breath.
        for (category, onsets, delay) in [
            ("clean", 4, 120.0),
            ("noise:white10", 2, 130.0),
            ("doubletalk", 4, 150.0),
        ] {
            let score = &scores[category];
            assert!(score.onsets() >= onsets, "{category}: {score:?}");
            assert_eq!(
                (score.already_on, score.missed(300.0)),
                (0, 0),
                "{category}"
            );
            assert!(score.delay(0.95) <= Some(delay), "{category}: {score:?}");
        }
        for category in ["echo", "nonspeech:car", "noise:white10", "noise:car10"] {
            assert_eq!(scores[category].false_onsets, 0, "{category}");
        }
        // Six a minute; and a line that becomes noisier at once may be somebody.
        for category in ["nonspeech:events", "nonspeech:white_step"] {
            assert!(scores[category].false_onsets <= 1, "{category}");
        }
    }

    #[test]
    fn nothing_but_speech_is_sure() {
        let scores = scored(Stage::Commit);
        for (category, score) in &scores {
            assert_eq!(score.false_onsets, 0, "{category}");
        }
        for (category, delay) in [("clean", 150.0), ("doubletalk", 260.0)] {
            let score = &scores[category];
            assert_eq!(
                (score.already_on, score.missed(300.0)),
                (0, 0),
                "{category}"
            );
            assert!(score.delay(0.95) <= Some(delay), "{category}: {score:?}");
        }
    }

    #[test]
    fn decisions_are_written_as_rows_in_the_order_of_time() {
        let loud = [8_000; 3 * FRAME_SAMPLES];
        let clip = Clip {
            clip: "c".to_owned(),
            file: String::new(),
            far_file: None,
            category: "clean".to_owned(),
            noise: None,
            snr_db: None,
        };
        let text = csv(&[(clip, decide(&loud, &[], Stage::Duck))]);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[0], "clip,t_ms,speech,barge,score");
        assert_eq!(rows.len(), 4);
        assert!(
            rows[1].starts_with("c,20,") && rows[3].starts_with("c,60,"),
            "{text}"
        );
    }
}
