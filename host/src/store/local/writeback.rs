//! Has bytes written to the disk before anybody waits for it.

use std::fs::File;

/// Starts to write these bytes of a file to the disk. It is a hint, and makes nothing durable:
/// what fails is found by the sync that follows.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "neither std nor rustix has this call")]
pub(super) fn start(file: &File, from: u64, length: u64) {
    use std::os::fd::AsRawFd;

    let (Ok(from), Ok(length)) = (i64::try_from(from), i64::try_from(length)) else {
        return;
    };
    // SAFETY: it takes numbers only, and the descriptor is open as long as the file is borrowed.
    unsafe {
        libc::sync_file_range(file.as_raw_fd(), from, length, libc::SYNC_FILE_RANGE_WRITE);
    }
}

/// Other systems begin by themselves, or at the sync.
#[cfg(not(target_os = "linux"))]
pub(super) fn start(_: &File, _: u64, _: u64) {}
