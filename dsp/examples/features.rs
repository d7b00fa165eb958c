//! Prints what the detector's model is given, for fitting it: `dsp/fit/README.md`.
//!
//! Standard input: frames of 160 samples of the caller, a flag, and 160 samples of what was
//! playing, all 16-bit little-endian; the flag is 1 where something was. Standard output: for each
//! step of 10 ms a 1 and the inputs, or zeros where the frame was quiet, as 32-bit floats.

use std::io::{self, Read, Write};

use dsp::barge_in::{BargeIn, Far};
use dsp::features::INPUTS;
use dsp::{FRAME_SAMPLES, PcmFrame};

fn main() -> io::Result<()> {
    let mut input = io::BufReader::new(io::stdin().lock());
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut detector = BargeIn::default();
    let mut record = [0; 2 * (2 * FRAME_SAMPLES + 1)];
    while input.read_exact(&mut record).is_ok() {
        let sample = |n: usize| i16::from_le_bytes([record[2 * n], record[2 * n + 1]]);
        let near: PcmFrame = std::array::from_fn(sample);
        let far: PcmFrame = std::array::from_fn(|n| sample(FRAME_SAMPLES + 1 + n));
        let far = match sample(FRAME_SAMPLES) {
            0 => Far::Silent,
            _ => Far::Audible(&far),
        };
        for step in detector.inputs(&near, far) {
            let known = f32::from(u8::from(step.is_some()));
            output.write_all(&known.to_le_bytes())?;
            for value in step.unwrap_or([0.0; INPUTS]) {
                output.write_all(&value.to_le_bytes())?;
            }
        }
    }
    Ok(())
}
