//! The data plane's numbers on the metrics page: plain atomics, read when the page is read.

use std::sync::Arc;
use std::time::Duration;

use pipeline::histogram::Histogram;
use pipeline::metrics::{Metrics, Oddity};
use pipeline::vendor::{Vendor, VendorErrorKind};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::metrics::SECONDS;

#[derive(Debug)]
pub(super) struct DataPlaneCollector(pub(super) Arc<Metrics>);

/// Bucket bounds for the voice thread's tick, in seconds: it works in microseconds.
const TICK_SECONDS: [f64; 12] = [
    0.000_005, 0.000_02, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.02,
    0.2,
];

impl Collector for DataPlaneCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let m = &self.0;
        let histograms: [(&str, &str, &Histogram, &[f64]); 6] = [
            (
                "otto_barge_in_seconds",
                "From the first voiced frame over the agent to the written clear",
                &m.barge_in,
                &SECONDS,
            ),
            (
                "otto_voice_tick_seconds",
                "How long a tick of the voice thread took",
                &m.tick,
                &TICK_SECONDS,
            ),
            (
                "otto_voice_tick_late_seconds",
                "How late a tick of the voice thread began",
                &m.tick_late,
                &TICK_SECONDS,
            ),
            (
                "otto_echo_cancel_seconds",
                "How long a frame of the caller took that went through the echo canceller",
                &m.echo,
                &TICK_SECONDS,
            ),
            (
                "otto_stt_final_seconds",
                "From the end of a turn to its words",
                &m.stt_final,
                &SECONDS,
            ),
            (
                "otto_tts_first_byte_seconds",
                "From an utterance's first clause to its first audio",
                &m.tts_first_byte,
                &SECONDS,
            ),
        ];
        for (name, help, histogram, bounds) in histograms {
            encode_histogram(&mut encoder, name, help, histogram, bounds)?;
        }
        let active = i64::try_from(m.calls_active()).unwrap_or(i64::MAX);
        let gauge = ConstGauge::new(active);
        let help = "Calls that hold a place on the data plane";
        let metric =
            encoder.encode_descriptor("otto_calls_active", help, None, MetricType::Gauge)?;
        gauge.encode(metric)?;
        encode_counts(&mut encoder, m)
    }
}

fn encode_histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    histogram: &Histogram,
    bounds: &[f64],
) -> Result<(), std::fmt::Error> {
    let read = histogram.snapshot();
    // A bucket's count is its own; the encoder adds them up.
    let mut below = 0;
    let mut buckets: Vec<(f64, u64)> = Vec::with_capacity(bounds.len() + 1);
    for bound in bounds {
        let at_most = read.at_most(Duration::from_secs_f64(*bound)).max(below);
        buckets.push((*bound, at_most - below));
        below = at_most;
    }
    buckets.push((f64::INFINITY, read.count().saturating_sub(below)));
    encoder
        .encode_descriptor(name, help, None, MetricType::Histogram)?
        .encode_histogram::<NoLabelSet>(read.sum().as_secs_f64(), read.count(), &buckets, None)
}

/// The rings that lose frames, and everything else that should not happen.
fn encode_counts(
    encoder: &mut DescriptorEncoder<'_>,
    metrics: &Metrics,
) -> Result<(), std::fmt::Error> {
    let counted = |oddity| ConstCounter::new(metrics.count_of(oddity));
    let help = "Frames that were dropped, by ring";
    let mut dropped =
        encoder.encode_descriptor("otto_frames_dropped", help, None, MetricType::Counter)?;
    for (ring, oddity) in [
        ("caller", Oddity::CallerFrameDropped),
        ("backlog", Oddity::BacklogDropped),
        ("retired", Oddity::RetiredAudio),
    ] {
        let labels = [("ring", ring)];
        counted(oddity).encode(dropped.encode_family(&labels)?)?;
    }
    let help = "The caller's buffer ran dry in the middle of an utterance";
    let underruns = encoder.encode_descriptor("otto_underruns", help, None, MetricType::Counter)?;
    counted(Oddity::Underrun).encode(underruns)?;
    let help = "Interruptions of the agent that came to nothing: it went on";
    let false_barge_ins =
        encoder.encode_descriptor("otto_false_barge_ins", help, None, MetricType::Counter)?;
    counted(Oddity::FalseBargeIn).encode(false_barge_ins)?;
    let help = "Things that should not happen and ended no call, or one";
    let mut oddities =
        encoder.encode_descriptor("otto_oddities", help, None, MetricType::Counter)?;
    for oddity in Oddity::ALL {
        let labels = [("kind", oddity.label())];
        counted(oddity).encode(oddities.encode_family(&labels)?)?;
    }
    encode_vendor_errors(encoder, metrics)
}

/// Failures of vendors, those that happened: most pairs never do.
fn encode_vendor_errors(
    encoder: &mut DescriptorEncoder<'_>,
    metrics: &Metrics,
) -> Result<(), std::fmt::Error> {
    let help = "Failures of vendors, by kind";
    let mut errors =
        encoder.encode_descriptor("otto_vendor_errors", help, None, MetricType::Counter)?;
    for vendor in Vendor::ALL {
        for kind in VendorErrorKind::ALL {
            let count = metrics.vendor_errors.count_of(vendor, kind);
            if count > 0 {
                let labels = [("vendor", vendor.label()), ("kind", kind.label())];
                ConstCounter::new(count).encode(errors.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}
