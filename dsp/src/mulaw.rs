//! ITU-T G.711 mu-law: eight bits that carry what fourteen linear bits would.
//!
//! *Companding* spends the codes where the ear notices: near silence neighbouring codes are 8
//! apart (on the 16-bit scale used here), at full scale 1,024 apart. A code is a sign bit, three
//! bits of *segment* (a power of two) and four bits of step within the segment, and it travels
//! with all its bits inverted (G.711, Table 2a), so the line's silence is [`SILENCE`], never zero.
//!
//! G.711 is written on a 14-bit scale; a 16-bit sample is four times that. A sample on a decision
//! value belongs to the outer interval, for both signs alike. (Shifting a 16-bit sample down to 14
//! bits first rounds negative samples away from zero and yields another code for 381 inputs.)

/// The code of a silent line: the positive zero. Byte `0x00` is the loudest negative sample.
pub const SILENCE: u8 = 0xFF;

/// Added to a magnitude so that every segment starts at a power of two: 33 on the 14-bit scale.
const BIAS: i32 = 33 * 4;

/// The largest magnitude that stays in the last segment once [`BIAS`] is added.
const CLIP: i32 = i16::MAX as i32 - BIAS;

static DECODED: [i16; 256] = decode_table();

/// The linear value of one code, in -32,124..=32,124.
#[inline]
#[must_use]
pub const fn decode(code: u8) -> i16 {
    DECODED[code as usize]
}

/// The code of one linear sample. Magnitudes over 32,635 are clipped.
///
/// A `f32` holds a number as a power of two and a fraction, which is what a code is, too: the
/// lowest three bits of the exponent are the segment and the top four bits of the fraction the
/// step. Unlike a 64 KiB table this leaves the cache to the calls, and compilers vectorise it.
#[inline]
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a code is seven bits by then"
)]
pub const fn encode(sample: i16) -> u8 {
    const FRACTION_BITS_DROPPED: u32 = 23 - 4;
    const FIRST_SEGMENT: u32 = (127 + 7) << 4;
    let linear = sample as i32;
    let magnitude = linear.abs();
    let clipped = if magnitude > CLIP { CLIP } else { magnitude };
    let bits = ((clipped + BIAS) as f32).to_bits();
    let code = (bits >> FRACTION_BITS_DROPPED) - FIRST_SEGMENT;
    let sign = ((linear >> 24) & 0x80) as u32;
    !((code | sign) as u8)
}

/// Decodes as many codes as both slices hold, and returns that number.
pub fn decode_slice(codes: &[u8], samples: &mut [i16]) -> usize {
    for (sample, &code) in samples.iter_mut().zip(codes) {
        *sample = decode(code);
    }
    codes.len().min(samples.len())
}

/// Encodes as many samples as both slices hold, and returns that number.
pub fn encode_slice(samples: &[i16], codes: &mut [u8]) -> usize {
    for (code, &sample) in codes.iter_mut().zip(samples) {
        *code = encode(sample);
    }
    samples.len().min(codes.len())
}

const fn decode_table() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand(code as u8);
        code += 1;
    }
    table
}

/// The middle of a code's interval.
#[expect(clippy::cast_possible_truncation, reason = "at most 32,124")]
const fn expand(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 0x07;
    let step = (code & 0x0F) as i32;
    let magnitude = (((step << 3) + BIAS) << segment) - BIAS;
    if code & 0x80 == 0 {
        magnitude as i16
    } else {
        -magnitude as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G.711 Table 2a as it is printed: the decision values x1..x127 on the 14-bit scale, by
    /// segments of equal interval width. x0 is 0; 8,159 is the virtual decision value x128.
    fn decision_values() -> Vec<i32> {
        let mut values = vec![0];
        let mut last = -1;
        // (intervals in the row, their width, the value the row ends with)
        for (intervals, width, ends_at) in [
            (16, 2, 31),
            (16, 4, 95),
            (16, 8, 223),
            (16, 16, 479),
            (16, 32, 991),
            (16, 64, 2_015),
            (16, 128, 4_063),
            (16, 256, 8_159),
        ] {
            for _ in 0..intervals {
                last += width;
                values.push(last);
            }
            assert_eq!(last, ends_at, "the row of width {width}");
        }
        assert_eq!(values.len(), 129);
        values
    }

    /// The character signal of interval `n`, before inversion `n`, after it as sent.
    fn character(interval: usize, negative: bool) -> u8 {
        let positive = 0xFF - u8::try_from(interval).expect("128 intervals");
        if negative { positive & 0x7F } else { positive }
    }

    #[test]
    fn every_code_decodes_to_the_middle_of_its_interval() {
        let x = decision_values();
        for interval in 0..128 {
            // y0 is zero; the other quantised values lie half-way between decision values.
            let y = if interval == 0 {
                0
            } else {
                4 * (x[interval] + x[interval + 1]) / 2
            };
            assert_eq!(i32::from(decode(character(interval, false))), y);
            assert_eq!(i32::from(decode(character(interval, true))), -y);
        }
    }

    #[test]
    fn every_sample_encodes_to_the_interval_between_its_decision_values() {
        let x = decision_values();
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();
            let interval = x[1..128].partition_point(|value| 4 * value <= magnitude);
            assert_eq!(
                encode(sample),
                character(interval, sample < 0),
                "sample {sample}"
            );
        }
    }

    #[test]
    fn every_code_but_the_negative_zero_survives_the_round_trip() {
        for code in 0..=u8::MAX {
            let expected = if code == 0x7F { SILENCE } else { code };
            assert_eq!(encode(decode(code)), expected);
        }
    }

    #[test]
    fn silence_is_silent_and_a_zero_byte_is_the_loudest_sample() {
        assert_eq!(decode(SILENCE), 0);
        assert_eq!(encode(0), SILENCE);
        assert_eq!(decode(0x00), -32_124);
    }

    #[test]
    fn slices_convert_what_both_sides_hold() {
        let mut samples = [1; 4];
        assert_eq!(decode_slice(&[SILENCE, 0x00], &mut samples), 2);
        assert_eq!(samples, [0, -32_124, 1, 1]);
        let mut codes = [0; 2];
        assert_eq!(encode_slice(&samples, &mut codes), 2);
        assert_eq!(codes, [SILENCE, 0x00]);
    }
}
