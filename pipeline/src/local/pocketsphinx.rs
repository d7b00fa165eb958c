//! pocketsphinx: the few functions of it that we use, behind a safe face.
//!
//! Signatures are those of Debian's 0.8+5prealpha (`pocketsphinx.h`, `ps_search.h`, `cmd_ln.h`,
//! `err.h`); later versions renamed them and have another soname. A decoder is used by one thread.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use libloading::os::unix::Library;

use super::library::{Missing, POCKETSPHINX_PACKAGE, SPHINXBASE_PACKAGE, open, symbol};

/// What guides a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Grammar,
    LanguageModel,
}

type Config = *mut c_void;
type Handle = *mut c_void;

/// The loaded libraries.
pub(super) struct Sphinx {
    args: unsafe extern "C" fn() -> *const c_void,
    cmd_ln_init: unsafe extern "C" fn(Config, *const c_void, i32, ...) -> Config,
    cmd_ln_free: unsafe extern "C" fn(Config) -> c_int,
    init: unsafe extern "C" fn(Config) -> Handle,
    free: unsafe extern "C" fn(Handle) -> c_int,
    set_jsgf_string: unsafe extern "C" fn(Handle, *const c_char, *const c_char) -> c_int,
    set_lm_file: unsafe extern "C" fn(Handle, *const c_char, *const c_char) -> c_int,
    set_search: unsafe extern "C" fn(Handle, *const c_char) -> c_int,
    start_utt: unsafe extern "C" fn(Handle) -> c_int,
    process_raw: unsafe extern "C" fn(Handle, *const i16, usize, c_int, c_int) -> c_int,
    end_utt: unsafe extern "C" fn(Handle) -> c_int,
    get_hyp: unsafe extern "C" fn(Handle, *mut i32) -> *const c_char,
    /// Kept loaded as long as there is a function pointer into them.
    _libraries: [Library; 2],
}

impl Sphinx {
    #[allow(unsafe_code)]
    pub(super) fn load(directory: Option<&Path>) -> Result<Self, Missing> {
        let base = open(directory, "libsphinxbase.so.3", SPHINXBASE_PACKAGE)?;
        let library = open(directory, "libpocketsphinx.so.3", POCKETSPHINX_PACKAGE)?;
        let package = POCKETSPHINX_PACKAGE;
        // SAFETY: `void err_set_logfp(FILE *)`; null means no log.
        unsafe {
            let set_log: unsafe extern "C" fn(*mut c_void) =
                symbol(&base, "err_set_logfp", SPHINXBASE_PACKAGE)?;
            set_log(ptr::null_mut());
        }
        // SAFETY: the fields' types are the functions' declarations in the headers, where
        // `arg_t const *`, `cmd_ln_t *` and `ps_decoder_t *` are opaque to us, `int16` is `i16`
        // and `int32` is `i32`; the libraries live as long as the fields.
        unsafe {
            Ok(Self {
                args: symbol(&library, "ps_args", package)?,
                cmd_ln_init: symbol(&base, "cmd_ln_init", SPHINXBASE_PACKAGE)?,
                cmd_ln_free: symbol(&base, "cmd_ln_free_r", SPHINXBASE_PACKAGE)?,
                init: symbol(&library, "ps_init", package)?,
                free: symbol(&library, "ps_free", package)?,
                set_jsgf_string: symbol(&library, "ps_set_jsgf_string", package)?,
                set_lm_file: symbol(&library, "ps_set_lm_file", package)?,
                set_search: symbol(&library, "ps_set_search", package)?,
                start_utt: symbol(&library, "ps_start_utt", package)?,
                process_raw: symbol(&library, "ps_process_raw", package)?,
                end_utt: symbol(&library, "ps_end_utt", package)?,
                get_hyp: symbol(&library, "ps_get_hyp", package)?,
                _libraries: [library, base],
            })
        }
    }
}

/// One recogniser with its named searches.
pub(super) struct Decoder {
    sphinx: Arc<Sphinx>,
    handle: Handle,
}

impl Decoder {
    /// A decoder of the acoustic model at `acoustic`, whose words are those of `dictionary`.
    #[allow(unsafe_code)]
    pub(super) fn new(
        sphinx: Arc<Sphinx>,
        acoustic: &Path,
        dictionary: &str,
        search: Search,
    ) -> Result<Self, String> {
        let acoustic = c_string(&acoustic.to_string_lossy())?;
        let dictionary = c_string(dictionary)?;
        // With a grammar, the pass over the lattice takes seconds and gains nothing.
        let bestpath = match search {
            Search::Grammar => c"no",
            Search::LanguageModel => c"yes",
        };
        // SAFETY: options come in pairs of C strings and end with a null; all outlive the call,
        // which copies them. `ps_init` keeps its own reference to the configuration.
        let handle = unsafe {
            let config = (sphinx.cmd_ln_init)(
                ptr::null_mut(),
                (sphinx.args)(),
                1,
                c"-hmm".as_ptr(),
                acoustic.as_ptr(),
                c"-dict".as_ptr(),
                dictionary.as_ptr(),
                c"-fwdflat".as_ptr(),
                c"no".as_ptr(),
                c"-bestpath".as_ptr(),
                bestpath.as_ptr(),
                c"-remove_silence".as_ptr(),
                c"no".as_ptr(),
                c"-logfn".as_ptr(),
                c"/dev/null".as_ptr(),
                ptr::null::<c_char>(),
            );
            if config.is_null() {
                return Err("pocketsphinx does not know one of our options".to_owned());
            }
            let handle = (sphinx.init)(config);
            (sphinx.cmd_ln_free)(config);
            handle
        };
        if handle.is_null() {
            return Err("pocketsphinx could not load the speech model".to_owned());
        }
        Ok(Self { sphinx, handle })
    }

    /// Adds a search by a grammar's only public rule.
    #[allow(unsafe_code)]
    pub(super) fn add_grammar(&mut self, name: &CStr, jsgf: &str) -> Result<(), String> {
        let jsgf = c_string(jsgf)?;
        // SAFETY: the handle is valid, and both strings are copied.
        let code =
            unsafe { (self.sphinx.set_jsgf_string)(self.handle, name.as_ptr(), jsgf.as_ptr()) };
        succeeded(code, || format!("the grammar {name:?} could not be loaded"))
    }

    /// Adds a search by the language model in an ARPA file.
    #[allow(unsafe_code)]
    pub(super) fn add_language_model(&mut self, name: &CStr, path: &str) -> Result<(), String> {
        let path = c_string(path)?;
        // SAFETY: the handle is valid; the name is copied and the file read within the call.
        let code = unsafe { (self.sphinx.set_lm_file)(self.handle, name.as_ptr(), path.as_ptr()) };
        succeeded(code, || {
            format!("the language model {name:?} could not be loaded")
        })
    }

    /// The words of a whole utterance (16 kHz) by the search `name`; none where it found none.
    #[allow(unsafe_code)]
    pub(super) fn decode(&mut self, name: &CStr, pcm: &[i16]) -> Result<Option<String>, String> {
        let sphinx = &self.sphinx;
        // SAFETY: the handle is valid and used by this thread only; no utterance is open, as each
        // is ended here; the samples are read within the call.
        let code = unsafe {
            match (sphinx.set_search)(self.handle, name.as_ptr()) {
                0 => (sphinx.start_utt)(self.handle),
                code => code,
            }
        };
        succeeded(code, || format!("the search {name:?} could not be started"))?;
        // SAFETY: as above. The words belong to the decoder until the next utterance; they are
        // copied before anything else is asked of it.
        unsafe {
            let read = (sphinx.process_raw)(self.handle, pcm.as_ptr(), pcm.len(), 0, 1);
            let ended = (sphinx.end_utt)(self.handle);
            succeeded(read.min(ended), || "the audio was refused".to_owned())?;
            let words = (sphinx.get_hyp)(self.handle, ptr::null_mut());
            if words.is_null() {
                return Ok(None);
            }
            let words = CStr::from_ptr(words).to_string_lossy();
            Ok((!words.is_empty()).then(|| words.into_owned()))
        }
    }
}

impl Drop for Decoder {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the handle is valid and not used after this.
        unsafe { (self.sphinx.free)(self.handle) };
    }
}

fn succeeded(code: c_int, what: impl FnOnce() -> String) -> Result<(), String> {
    if code >= 0 { Ok(()) } else { Err(what()) }
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| "a text for pocketsphinx holds a zero byte".to_owned())
}
