//! flite: the few functions of it that we use, behind a safe face.
//!
//! Signatures are those of flite 2.x (`flite.h`, `cst_wave.h`, `cst_audio.h`, `cst_voice.h`). The
//! library keeps global state: one thread of one process uses it.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ops::ControlFlow;
use std::path::Path;
use std::ptr;

use libloading::os::unix::Library;

use super::Voice;
use super::library::{FLITE_PACKAGE, Missing, open, symbol};

/// Samples the synthesiser collects before it hands them over: 20 ms at 16 kHz.
const CHUNK_SAMPLES: c_int = 320;

/// `CST_AUDIO_STREAM_CONT`.
const GO_ON: c_int = 0;
/// `CST_AUDIO_STREAM_STOP`.
const STOP: c_int = -1;

/// `cst_wave`: audio so far.
#[repr(C)]
struct Wave {
    kind: *const c_char,
    sample_rate: c_int,
    num_samples: c_int,
    num_channels: c_int,
    samples: *const i16,
}

/// `cst_audio_streaming_info`: who is told of audio as it comes into being.
#[repr(C)]
struct StreamingInfo {
    min_buffsize: c_int,
    callback: Option<Callback>,
    utterance: *const c_void,
    item: *const c_void,
    userdata: *mut c_void,
}

/// The first members of `cst_voice`.
#[repr(C)]
struct VoiceHead {
    name: *const c_char,
    features: *mut c_void,
}

type Callback = unsafe extern "C" fn(*const Wave, c_int, c_int, c_int, *mut StreamingInfo) -> c_int;
type Register = unsafe extern "C" fn(*const c_char) -> *mut VoiceHead;

/// Takes the next samples and their rate in hertz; says whether there is any use for more.
type Sink<'a> = &'a mut dyn FnMut(&[i16], u32) -> ControlFlow<()>;

/// The loaded synthesiser with its voices. Libraries are never unloaded: flite has no way of
/// giving back what it has registered.
pub(super) struct Flite {
    text_to_wave: unsafe extern "C" fn(*const c_char, *mut VoiceHead) -> *mut Wave,
    delete_wave: unsafe extern "C" fn(*mut Wave),
    voices: Vec<LoadedVoice>,
    /// Kept loaded.
    _libraries: Vec<Library>,
}

struct LoadedVoice {
    voice: Voice,
    head: *mut VoiceHead,
    streaming: *mut StreamingInfo,
}

impl Flite {
    /// Loads the libraries and registers every voice.
    #[allow(unsafe_code)]
    pub(super) fn load(directory: Option<&Path>) -> Result<Self, Missing> {
        let base = open(directory, "libflite.so.1", FLITE_PACKAGE)?;
        let english = open(directory, "libflite_usenglish.so.1", FLITE_PACKAGE)?;
        let lexicon = open(directory, "libflite_cmulex.so.1", FLITE_PACKAGE)?;
        // SAFETY: `int flite_init(void)`.
        let init: unsafe extern "C" fn() -> c_int =
            unsafe { symbol(&base, "flite_init", FLITE_PACKAGE)? };
        // SAFETY: called once, before any other function of the library.
        unsafe { init() };
        let mut flite = Self {
            // SAFETY: `cst_wave *flite_text_to_wave(const char *, cst_voice *)`.
            text_to_wave: unsafe { symbol(&base, "flite_text_to_wave", FLITE_PACKAGE)? },
            // SAFETY: `void delete_wave(cst_wave *)`.
            delete_wave: unsafe { symbol(&base, "delete_wave", FLITE_PACKAGE)? },
            voices: Vec::new(),
            _libraries: vec![english, lexicon],
        };
        for voice in Voice::ALL {
            flite.load_voice(voice, &base, directory)?;
        }
        flite._libraries.push(base);
        Ok(flite)
    }

    #[allow(unsafe_code)]
    fn load_voice(
        &mut self,
        voice: Voice,
        base: &Library,
        directory: Option<&Path>,
    ) -> Result<(), Missing> {
        let name = match voice {
            Voice::Slt => "slt",
            Voice::Rms => "rms",
            Voice::Awb => "awb",
            Voice::Kal16 => "kal16",
        };
        let soname = format!("libflite_cmu_us_{name}.so.1");
        let library = open(directory, &soname, FLITE_PACKAGE)?;
        // SAFETY: `cst_voice *register_cmu_us_*(const char *voxdir)`; these voices are compiled in
        // and take no directory.
        let register: Register =
            unsafe { symbol(&library, &format!("register_cmu_us_{name}"), FLITE_PACKAGE)? };
        // SAFETY: `cst_audio_streaming_info *new_audio_streaming_info(void)`.
        let new_info: unsafe extern "C" fn() -> *mut StreamingInfo =
            unsafe { symbol(base, "new_audio_streaming_info", FLITE_PACKAGE)? };
        // SAFETY: `cst_val *audio_streaming_info_val(const cst_audio_streaming_info *)`.
        let to_value: unsafe extern "C" fn(*const StreamingInfo) -> *mut c_void =
            unsafe { symbol(base, "audio_streaming_info_val", FLITE_PACKAGE)? };
        // SAFETY: `void feat_set(cst_features *, const char *, const cst_val *)`.
        let set: unsafe extern "C" fn(*mut c_void, *const c_char, *const c_void) =
            unsafe { symbol(base, "feat_set", FLITE_PACKAGE)? };
        // SAFETY: flite is initialised; the voice and the streaming info are ours from here on and
        // never freed, and the name is static, as features keep no copy of it.
        let (head, streaming) = unsafe {
            let (head, streaming) = (register(ptr::null()), new_info());
            if head.is_null() || streaming.is_null() {
                return Err(Missing {
                    what: format!("flite's voice {name}"),
                    package: FLITE_PACKAGE.to_owned(),
                    reason: "the library did not give it".to_owned(),
                });
            }
            (*streaming).min_buffsize = CHUNK_SAMPLES;
            (*streaming).callback = Some(take_chunk);
            set(
                (*head).features,
                c"streaming_info".as_ptr(),
                to_value(streaming),
            );
            (head, streaming)
        };
        self.voices.push(LoadedVoice {
            voice,
            head,
            streaming,
        });
        self._libraries.push(library);
        Ok(())
    }

    /// Speaks `text`, giving the audio to `sink` as it comes into being, until the end or until
    /// the sink breaks. `false` where flite gave no audio at all.
    #[allow(unsafe_code)]
    pub(super) fn speak(&mut self, voice: Voice, text: &CStr, mut sink: Sink<'_>) -> bool {
        let Some(loaded) = self.voices.iter().find(|loaded| loaded.voice == voice) else {
            return false;
        };
        // SAFETY: head and streaming info are valid since `load_voice`; `sink` outlives the call,
        // which is the only time that the callback runs; the wave is freed once.
        unsafe {
            (*loaded.streaming).userdata = (&raw mut sink).cast();
            let wave = (self.text_to_wave)(text.as_ptr(), loaded.head);
            (*loaded.streaming).userdata = ptr::null_mut();
            if wave.is_null() {
                return false;
            }
            (self.delete_wave)(wave);
        }
        true
    }
}

/// flite calls this with `size` new samples from `start` on.
#[allow(unsafe_code)]
unsafe extern "C" fn take_chunk(
    wave: *const Wave,
    start: c_int,
    size: c_int,
    _last: c_int,
    streaming: *mut StreamingInfo,
) -> c_int {
    // SAFETY: flite passes the wave under construction and the streaming info we gave it; its
    // userdata is the sink of the `speak` that is running, or null.
    let (wave, sink) = unsafe { (&*wave, (*streaming).userdata.cast::<Sink<'_>>().as_mut()) };
    let (Some(sink), Ok(start), Ok(size)) = (sink, usize::try_from(start), usize::try_from(size))
    else {
        return STOP;
    };
    if size == 0 || wave.samples.is_null() {
        return GO_ON;
    }
    // SAFETY: flite has written these samples of the wave before the call.
    let samples = unsafe { std::slice::from_raw_parts(wave.samples.add(start), size) };
    let rate = u32::try_from(wave.sample_rate).unwrap_or(0);
    match sink(samples, rate) {
        ControlFlow::Continue(()) => GO_ON,
        ControlFlow::Break(()) => STOP,
    }
}
