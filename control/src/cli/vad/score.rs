//! Holds decisions against labels: how late, how often missed, how often in vain.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::{Clip, Decision};

/// By category, and for noises by kind and ratio, too.
pub(super) type Scores = BTreeMap<String, Score>;

/// What became of one category's onsets and silences.
#[derive(Debug, Default)]
pub(super) struct Score {
    /// From the labelled onset to the decision; infinite where none came.
    delays_ms: Vec<f64>,
    /// Onsets at which the decision was on already: in vain, and no detection.
    pub(super) already_on: usize,
    pub(super) false_onsets: usize,
    quiet_ms: f64,
}

/// Where the caller speaks, in milliseconds of the clip.
type Segment = (f64, f64);

/// An onset counts when nobody spoke for so long before it.
const SILENCE_BEFORE_MS: f64 = 500.0;

/// A decision may come so much before the label, which is no more exact than that.
const EARLY_MS: f64 = 100.0;

/// After speech a decision may stay on for so long.
const LATE_MS: f64 = 400.0;

/// The line's noise is being learned.
const BEGINNING_MS: f64 = 1_000.0;

/// No decision in this time is none.
const PATIENCE_MS: f64 = 1_600.0;

/// Scores what was heard by the labels of the pack.
///
/// # Errors
/// Where `labels.csv` cannot be read.
pub(super) fn score(pack: &Path, heard: &[(Clip, Vec<Decision>)]) -> anyhow::Result<Scores> {
    let path = pack.join("labels.csv");
    let labels = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut segments = BTreeMap::<&str, Vec<Segment>>::new();
    for (number, row) in labels.lines().enumerate().skip(1) {
        let (clip, segment) =
            label(row).with_context(|| format!("labels.csv, line {}: {row:?}", number + 1))?;
        segments.entry(clip).or_default().push(segment);
    }
    let mut scores = Scores::new();
    for (clip, decisions) in heard {
        let spoken = segments.get(clip.clip.as_str()).map_or(&[][..], |s| s);
        scores
            .entry(category(clip))
            .or_default()
            .add(spoken, decisions);
    }
    Ok(scores)
}

/// The scores for people.
pub(super) fn table(scores: &Scores) -> String {
    let mut text = format!(
        "{:<20}{:>8}{:>8}{:>8}{:>8}{:>10}{:>12}\n",
        "category", "onsets", "on", "p50 ms", "p95 ms", "miss@300", "false/min"
    );
    let or_dash = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.0}"));
    for (category, score) in scores {
        let per_min = 60_000.0 * score.false_onsets as f64 / score.quiet_ms.max(1.0);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{category:<20}{:>8}{:>8}{:>8}{:>8}{:>10}{per_min:>12.2}",
            score.onsets(),
            score.already_on,
            or_dash(score.delay(0.5)),
            or_dash(score.delay(0.95)),
            score.missed(300.0),
        );
    }
    text
}

impl Score {
    pub(super) fn onsets(&self) -> usize {
        self.delays_ms.len() + self.already_on
    }

    /// The delay that so large a share of the onsets does not exceed.
    pub(super) fn delay(&self, share: f64) -> Option<f64> {
        let mut delays = self.delays_ms.clone();
        delays.sort_by(f64::total_cmp);
        let place = (share * delays.len() as f64).ceil() as usize;
        delays.get(place.saturating_sub(1)).copied()
    }

    /// Onsets without a decision by then.
    pub(super) fn missed(&self, by_ms: f64) -> usize {
        self.delays_ms
            .iter()
            .filter(|&&delay| delay > by_ms)
            .count()
    }

    fn add(&mut self, spoken: &[Segment], decisions: &[Decision]) {
        let mut quiet_from = BEGINNING_MS;
        let mut spoken_until = 0.0;
        for &(begin, end) in spoken {
            if begin - spoken_until >= SILENCE_BEFORE_MS {
                self.add_onset((begin, end), decisions);
            }
            self.add_quiet(quiet_from, begin - EARLY_MS, decisions);
            quiet_from = end + LATE_MS;
            spoken_until = end;
        }
        let end = decisions.last().map_or(0.0, |last| last.t_ms as f64);
        self.add_quiet(quiet_from, end, decisions);
    }

    fn add_onset(&mut self, (begin, end): Segment, decisions: &[Decision]) {
        let earliest = begin - EARLY_MS;
        let before = decisions.iter().rfind(|d| d.t_ms as f64 <= earliest);
        if before.is_some_and(|d| d.barge) {
            self.already_on += 1;
            return;
        }
        let latest = (end + EARLY_MS).min(begin + PATIENCE_MS);
        let hit = decisions
            .iter()
            .map(|d| (d.t_ms as f64, d.barge))
            .find(|&(t, barge)| barge && t > earliest && t <= latest);
        self.delays_ms
            .push(hit.map_or(f64::INFINITY, |(t, _)| t - begin));
    }

    fn add_quiet(&mut self, from: f64, until: f64, decisions: &[Decision]) {
        if until <= from {
            return;
        }
        self.quiet_ms += until - from;
        let edges = decisions.windows(2).filter(|pair| {
            let t = pair[1].t_ms as f64;
            pair[1].barge && !pair[0].barge && t > from && t <= until
        });
        self.false_onsets += edges.count();
    }
}

fn category(clip: &Clip) -> String {
    match (&clip.noise, clip.snr_db) {
        (Some(noise), Some(snr)) => format!("{}:{noise}{snr}", clip.category),
        (Some(noise), None) => format!("{}:{noise}", clip.category),
        (None, _) => clip.category.clone(),
    }
}

fn label(row: &str) -> Option<(&str, Segment)> {
    let mut fields = row.split(',');
    let clip = fields.next()?;
    let begin = fields.next()?.trim().parse().ok()?;
    let end = fields.next()?.trim().parse().ok()?;
    Some((clip, (begin, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of 20 ms; `#` where the decision is on.
    fn decisions(script: &str) -> Vec<Decision> {
        let frames = script.chars().zip(1..);
        frames
            .map(|(c, n)| Decision {
                t_ms: 20 * n,
                speech: c == '#',
                barge: c == '#',
                score: 0.0,
            })
            .collect()
    }

    fn scored(spoken: &[Segment], script: &str) -> Score {
        let mut score = Score::default();
        score.add(spoken, &decisions(script));
        score
    }

    #[test]
    fn a_delay_is_counted_from_the_label_to_the_end_of_the_deciding_frame() {
        let score = scored(&[(1_200.0, 2_000.0)], &format!("{}#", ".".repeat(62)));
        assert_eq!(score.delay(0.95), Some(60.0));
        assert_eq!((score.missed(300.0), score.false_onsets), (0, 0));
    }

    #[test]
    fn what_is_on_before_an_onset_is_a_false_one_and_no_detection() {
        let script = format!("{}{}", ".".repeat(52), "#".repeat(60));
        let score = scored(&[(1_500.0, 2_000.0)], &script);
        assert_eq!((score.already_on, score.false_onsets), (1, 1));
        assert_eq!(score.delay(0.5), None);
    }

    #[test]
    fn an_onset_that_nobody_noticed_is_missed() {
        let score = scored(&[(1_500.0, 2_000.0)], &".".repeat(150));
        assert_eq!((score.onsets(), score.missed(300.0)), (1, 1));
    }

    #[test]
    fn after_speech_a_decision_may_stay_on_for_a_while() {
        let late = format!("{}{}", ".".repeat(80), "#".repeat(20));
        assert_eq!(scored(&[(1_500.0, 1_600.0)], &late).false_onsets, 0);
        let later = format!("{}{}", ".".repeat(110), "#".repeat(20));
        assert_eq!(scored(&[(1_500.0, 1_600.0)], &later).false_onsets, 1);
    }
}
