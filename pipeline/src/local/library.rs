//! Finding the engines' libraries and models on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use thiserror::Error;

/// Something the engines need is not on this machine. `package` names the Debian (and Ubuntu)
/// package that brings it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} is missing: {reason}; install it with `apt-get install {package}`")]
pub struct Missing {
    pub what: String,
    pub package: String,
    pub reason: String,
}

/// Debian's packages of the two engines.
pub(super) const FLITE_PACKAGE: &str = "libflite1";
pub(super) const POCKETSPHINX_PACKAGE: &str = "libpocketsphinx3";
pub(super) const SPHINXBASE_PACKAGE: &str = "libsphinxbase3";
pub(super) const MODEL_PACKAGE: &str = "pocketsphinx-en-us";

/// All of them: what on-machine speech needs that the build does not bring.
pub const PACKAGES: [&str; 4] = [
    FLITE_PACKAGE,
    POCKETSPHINX_PACKAGE,
    SPHINXBASE_PACKAGE,
    MODEL_PACKAGE,
];

/// Where Debian puts the American English model.
const MODEL_DIR: &str = "/usr/share/pocketsphinx/model/en-us";

/// Loads `soname` from `directory`, or from where the dynamic linker finds it.
///
/// Symbols are made global, since the voices of flite look for theirs in one another.
#[allow(unsafe_code)]
pub(super) fn open(
    directory: Option<&Path>,
    soname: &str,
    package: &str,
) -> Result<Library, Missing> {
    let name = directory.map_or_else(
        || OsString::from(soname),
        |directory| directory.join(soname).into_os_string(),
    );
    // SAFETY: loading runs the library's initialisers. flite's and sphinx's libraries have none
    // beyond the compiler's own, and this process exists to run them.
    unsafe { Library::open(Some(&name), RTLD_NOW | RTLD_GLOBAL) }.map_err(|error| Missing {
        what: format!("the library {soname}"),
        package: package.to_owned(),
        reason: innermost(&error),
    })
}

/// The symbol `name` of `library`, as whatever function type the caller declares.
///
/// # Safety
/// `T` must be the function's true type, and must not be used after `library` is unloaded.
#[allow(unsafe_code)]
pub(super) unsafe fn symbol<T: Copy>(
    library: &Library,
    name: &str,
    package: &str,
) -> Result<T, Missing> {
    // SAFETY: the caller vouches for `T`.
    let found = unsafe { library.get::<T>(name) };
    found.map(|symbol| *symbol).map_err(|error| Missing {
        what: format!("the function {name}"),
        package: package.to_owned(),
        reason: innermost(&error),
    })
}

/// The files of the acoustic model and its dictionary.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub acoustic: PathBuf,
    pub dictionary: PathBuf,
}

impl Model {
    /// The model in `directory`, or in Debian's place.
    pub(super) fn find(directory: Option<&Path>) -> Result<Self, Missing> {
        let directory = directory.unwrap_or(Path::new(MODEL_DIR));
        let model = Self {
            acoustic: directory.join("en-us"),
            dictionary: directory.join("cmudict-en-us.dict"),
        };
        for path in [&model.acoustic.join("mdef"), &model.dictionary] {
            if let Err(error) = std::fs::metadata(path) {
                return Err(Missing {
                    what: format!("the speech model file {}", path.display()),
                    package: MODEL_PACKAGE.to_owned(),
                    reason: error.to_string(),
                });
            }
        }
        Ok(model)
    }
}

/// libloading's own words hide the linker's, which name the file.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packages_that_make_installs_are_the_ones_that_messages_name() {
        let script = include_str!("../../../.ci/packages");
        let listed = script
            .lines()
            .find_map(|line| line.strip_prefix("speech=(")?.strip_suffix(')'))
            .expect("the script lists them");
        assert_eq!(listed.split(' ').collect::<Vec<_>>(), PACKAGES);
    }
}
