//! WAV files: reads what a caller may speak, writes what was heard. Pure; the caller of these does
//! the file I/O.

use dsp::LINE_RATE_HZ;

/// Why a file cannot be spoken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    #[error("wav: not a RIFF/WAVE file")]
    NotWav,
    #[error("wav: the {0:?} chunk is missing or cut short")]
    Missing(&'static str),
    #[error("wav: format {format}, {bits} bits; expected PCM of 16 bits (1) or mu-law (7)")]
    Format { format: u16, bits: u16 },
    #[error("wav: {0} channels, expected 1 or 2")]
    Channels(u16),
    #[error("wav: {0} Hz, expected 4000 to 192000")]
    Rate(u32),
    #[error("wav: no sound in it")]
    Empty,
}

const FORMAT_PCM: u16 = 1;
const FORMAT_MULAW: u16 = 7;
const FORMAT_EXTENSIBLE: u16 = 0xFFFE;
const HEADER_BYTES: usize = 44;

/// Reads a WAV file as 8 kHz mono; two channels are mixed.
///
/// # Errors
/// [`WavError`] for anything but mono or stereo PCM16 or mu-law.
pub fn read(file: &[u8]) -> Result<Vec<i16>, WavError> {
    if file.get(..4) != Some(b"RIFF") || file.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav);
    }
    let format = chunk(file, *b"fmt ").ok_or(WavError::Missing("fmt "))?;
    let data = chunk(file, *b"data").ok_or(WavError::Missing("data"))?;
    let field = |at: usize| -> Result<u16, WavError> {
        let bytes = format.get(at..at + 2).ok_or(WavError::Missing("fmt "))?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    };
    let mut kind = field(0)?;
    if kind == FORMAT_EXTENSIBLE {
        kind = field(24)?;
    }
    let channels = field(2)?;
    let rate = u32::from(field(4)?) | u32::from(field(6)?) << 16;
    let bits = field(14)?;
    if !(1..=2).contains(&channels) {
        return Err(WavError::Channels(channels));
    }
    if !(4_000..=192_000).contains(&rate) {
        return Err(WavError::Rate(rate));
    }
    let samples: Vec<i16> = match (kind, bits) {
        (FORMAT_PCM, 16) => data
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| i16::from_le_bytes(*pair))
            .collect(),
        (FORMAT_MULAW, 8) => data.iter().map(|code| dsp::mulaw::decode(*code)).collect(),
        (format, bits) => return Err(WavError::Format { format, bits }),
    };
    let mono = if channels == 2 {
        let pairs = samples.as_chunks::<2>().0.iter();
        pairs.map(|&[l, r]| l.midpoint(r)).collect()
    } else {
        samples
    };
    if mono.is_empty() {
        return Err(WavError::Empty);
    }
    Ok(to_line_rate(&mono, rate))
}

/// Writes two sides of a call, in mu-law, as 8 kHz stereo PCM16: the caller left, the agent right.
/// The shorter side is padded with silence.
#[must_use]
pub fn write_stereo(left: &[u8], right: &[u8]) -> Vec<u8> {
    const CHANNELS: u32 = 2;
    const SAMPLE_BYTES: u32 = 2;
    let frames = left.len().max(right.len());
    let data_bytes = u32::try_from(frames * 4).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(HEADER_BYTES + frames * 4);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&data_bytes.saturating_add(36).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16_u32.to_le_bytes());
    out.extend_from_slice(&FORMAT_PCM.to_le_bytes());
    out.extend_from_slice(&(CHANNELS as u16).to_le_bytes());
    out.extend_from_slice(&LINE_RATE_HZ.to_le_bytes());
    out.extend_from_slice(&(LINE_RATE_HZ * CHANNELS * SAMPLE_BYTES).to_le_bytes());
    out.extend_from_slice(&((CHANNELS * SAMPLE_BYTES) as u16).to_le_bytes());
    out.extend_from_slice(&((SAMPLE_BYTES * 8) as u16).to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&data_bytes.to_le_bytes());
    let sample = |side: &[u8], at: usize| side.get(at).map_or(0, |code| dsp::mulaw::decode(*code));
    for at in 0..frames {
        out.extend_from_slice(&sample(left, at).to_le_bytes());
        out.extend_from_slice(&sample(right, at).to_le_bytes());
    }
    out
}

/// The body of a RIFF chunk.
fn chunk(file: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.get(12..)?;
    loop {
        let (id, tail) = rest.split_first_chunk::<4>()?;
        let (size, body) = tail.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
        if *id == name {
            // Recorders that were killed leave a size that is too large: take what there is.
            return Some(body.get(..size).unwrap_or(body));
        }
        rest = body.get(size + size % 2..)?;
    }
}

/// Converts a whole recording to the rate of the line by windowed-sinc interpolation. `dsp`'s
/// streaming resampler knows the few rates of live speech; a file may have any.
fn to_line_rate(samples: &[i16], rate: u32) -> Vec<i16> {
    /// Zero crossings of the sinc on each side.
    const LOBES: f64 = 16.0;
    if rate == LINE_RATE_HZ {
        return samples.to_vec();
    }
    let step = f64::from(rate) / f64::from(LINE_RATE_HZ);
    // The lower of the two rates limits what may pass.
    let cutoff = 0.94 / step.max(1.0);
    let reach = LOBES / cutoff;
    let count = (samples.len() as f64 / step) as usize;
    (0..count)
        .map(|n| {
            let centre = n as f64 * step;
            let first = (centre - reach).ceil().max(0.0) as usize;
            let last = ((centre + reach) as usize).min(samples.len() - 1);
            let sum: f64 = (first..=last)
                .map(|at| {
                    let x = at as f64 - centre;
                    let phase = std::f64::consts::PI * x * cutoff;
                    let sinc = if phase.abs() < 1e-9 {
                        1.0
                    } else {
                        phase.sin() / phase
                    };
                    let window = 0.5 + 0.5 * (std::f64::consts::PI * x / reach).cos();
                    f64::from(samples[at]) * sinc * window * cutoff
                })
                .sum();
            sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file with an unknown chunk before its data, as many tools write.
    fn wav(format: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend(16_u32.to_le_bytes());
        file.extend(format.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(rate.to_le_bytes());
        file.extend([0; 6]);
        file.extend(bits.to_le_bytes());
        file.extend(b"LIST\x03\0\0\0abc\0data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    fn tone(rate: u32, ms: u32, hz: f64) -> Vec<i16> {
        (0..rate * ms / 1_000)
            .map(|n| {
                let t = f64::from(n) / f64::from(rate);
                (8_000.0 * (std::f64::consts::TAU * hz * t).sin()) as i16
            })
            .collect()
    }

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|s| s.to_le_bytes()).collect()
    }

    #[test]
    fn any_rate_arrives_as_the_same_tone_at_the_lines_rate() {
        let expected = tone(8_000, 500, 440.0);
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000] {
            let file = wav(1, 1, rate, 16, &bytes(&tone(rate, 500, 440.0)));
            let heard = read(&file).unwrap();
            assert!(heard.len().abs_diff(4_000) <= 1, "{rate}: {}", heard.len());
            // The ends lack context; the middle must be the tone.
            for at in 400..3_600 {
                let difference = i32::from(heard[at]) - i32::from(expected[at]);
                assert!(difference.abs() < 120, "{rate} at {at}: {difference}");
            }
        }
    }

    #[test]
    fn what_the_line_cannot_carry_is_filtered_and_not_folded() {
        let file = wav(1, 1, 16_000, 16, &bytes(&tone(16_000, 500, 6_000.0)));
        let heard = read(&file).unwrap();
        assert!(heard[400..3_600].iter().all(|s| s.abs() < 80));
    }

    #[test]
    fn stereo_is_mixed_and_mulaw_is_decoded() {
        let stereo = wav(1, 2, 8_000, 16, &bytes(&[100, 300, -50, -150]));
        assert_eq!(read(&stereo).unwrap(), [200, -100]);
        let mulaw = wav(7, 1, 8_000, 8, &[0xFF, 0x00]);
        assert_eq!(read(&mulaw).unwrap(), [0, -32_124]);
    }

    #[test]
    fn what_was_written_can_be_read_back() {
        let loud = dsp::mulaw::encode(1_000);
        let file = write_stereo(&[loud; 3], &[loud, 0xFF]);
        let full = dsp::mulaw::decode(loud);
        assert_eq!(read(&file).unwrap(), [full, full / 2, full / 2]);
        assert_eq!(&file[22..24], &[2, 0]);
        assert_eq!(file.len(), HEADER_BYTES + 3 * 4);
    }

    #[test]
    fn other_files_are_refused_with_a_reason() {
        assert_eq!(read(b"ID3"), Err(WavError::NotWav));
        assert_eq!(read(b"RIFF\0\0\0\0WAVE"), Err(WavError::Missing("fmt ")));
        assert_eq!(
            read(&wav(3, 1, 8_000, 32, &[0; 8])),
            Err(WavError::Format {
                format: 3,
                bits: 32
            })
        );
        assert_eq!(
            read(&wav(1, 6, 8_000, 16, &[0; 12])),
            Err(WavError::Channels(6))
        );
        assert_eq!(read(&wav(1, 1, 10, 16, &[0; 2])), Err(WavError::Rate(10)));
        assert_eq!(read(&wav(1, 1, 8_000, 16, &[])), Err(WavError::Empty));
    }
}
