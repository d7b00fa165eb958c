//! A file that lives in memory only: how embedded data reaches C code that wants a path.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// A nameless file. It is gone when this is dropped.
#[derive(Debug)]
pub(super) struct MemoryFile {
    file: File,
}

impl MemoryFile {
    /// # Errors
    /// Where the system has no memory or no descriptor left.
    #[allow(unsafe_code)]
    pub(super) fn new(content: &[u8]) -> io::Result<Self> {
        // SAFETY: the name is a valid C string, and the call keeps no pointer to it.
        let descriptor = unsafe { libc::memfd_create(c"otto-speech".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just given us this descriptor, and nobody else owns it.
        let mut file = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
        file.write_all(content)?;
        Ok(Self { file })
    }

    /// A path under which this process can open the file, from its start.
    pub(super) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_read_by_the_path_again_and_again() {
        let file = MemoryFile::new(b"one two").expect("memory");
        for _ in 0..2 {
            assert_eq!(std::fs::read(file.path()).expect("readable"), b"one two");
        }
    }
}
