//! A host that serves gives a backup the index of one moment, through a socket in its data
//! directory: whoever may read the files may back them up, and nobody else can ask.
//!
//! The host sends a line and then the index. Until the connection ends, it removes no blob that
//! this index refers to; meanwhile it refuses others, so that they need not wait without a word.
//!
//! ```text
//! coffer backup 1 LENGTH\n     and so many bytes
//! error REASON\n
//! ```

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::error::MaintenanceError;
use crate::store::local::Live;
use crate::store::{Error, causes};

/// Its name in the data directory.
const SOCKET: &str = "backup.sock";
/// What the first line begins with; the number is that of this protocol.
const GREETING: &str = "coffer backup 1 ";
const REFUSAL: &str = "error ";
/// The reason while another client has the connection.
const BUSY: &str = "another backup is being made";
/// The longest first line.
const LONGEST: u64 = 1024;
/// The longest path of a socket that every system accepts, in bytes.
const LONGEST_PATH: usize = 100;
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_secs(1);

/// The socket of a host, removed at a graceful shutdown.
pub struct Offer(PathBuf);

impl Drop for Offer {
    fn drop(&mut self) {
        // The next start replaces what is left.
        let _ = fs::remove_file(&self.0);
    }
}

/// Lets backups be made of this store for as long as the program runs, one at a time.
///
/// # Errors
/// Those of the socket.
pub fn offer(live: Live) -> io::Result<Offer> {
    let path = live.dir().join(SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = short(live.dir(), |path| UnixListener::bind(path))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    // Not tasks: a shutdown does not wait for the end of a backup.
    in_thread(move || {
        let busy = Arc::<AtomicBool>::default();
        for stream in listener.incoming() {
            if let Err(error) = stream.and_then(|stream| accept(stream, &live, &busy)) {
                tracing::warn!(%error, "a backup was interrupted");
                thread::sleep(PAUSE);
            }
        }
    })?;
    Ok(Offer(path))
}

fn in_thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("coffer-backup".into());
    thread.spawn(work).map(|_| ())
}

/// The only backup that is being made.
struct Turn(Arc<AtomicBool>);

impl Turn {
    fn take(busy: &Arc<AtomicBool>) -> Option<Turn> {
        let was_busy = busy.swap(true, Ordering::SeqCst);
        (!was_busy).then(|| Turn(busy.clone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Serves a client in a thread of its own, or refuses it at once.
fn accept(mut stream: UnixStream, live: &Live, busy: &Arc<AtomicBool>) -> io::Result<()> {
    let Some(turn) = Turn::take(busy) else {
        // A client that is gone already needs no answer.
        let _ = writeln!(stream, "{REFUSAL}{BUSY}");
        return Ok(());
    };
    let live = live.clone();
    in_thread(move || {
        if let Err(error) = serve(stream, &live, turn) {
            tracing::warn!(%error, "a backup was interrupted");
        }
    })
}

fn serve(mut stream: UnixStream, live: &Live, turn: Turn) -> io::Result<()> {
    let moment = match live.moment() {
        Ok(moment) => moment,
        Err(error) => {
            let reason = match &error {
                Error::NoSpace => {
                    "the data directory has no room for a copy of its index".to_owned()
                }
                error => causes(error),
            };
            tracing::warn!(reason, "cannot make a backup");
            return writeln!(stream, "{REFUSAL}{reason}");
        }
    };
    let mut index = &moment.index;
    let length = index.metadata()?.len();
    tracing::info!(index = length, "a backup begins");
    stream.write_all(format!("{GREETING}{length}\n").as_bytes())?;
    io::copy(&mut index, &mut stream)?;
    // The other side sends nothing: this is its end.
    let ended = stream.read(&mut [0]);
    // The next one need not wait until all is removed that was held back.
    drop(turn);
    drop(moment);
    ended?;
    tracing::info!("a backup has ended");
    Ok(())
}

/// A host that holds back removals for this process.
pub(super) struct Host {
    stream: BufReader<UnixStream>,
    left: u64,
}

impl Host {
    /// Asks the host that serves this data directory for its index.
    ///
    /// # Errors
    /// [`MaintenanceError::InUse`] if nobody answers, [`MaintenanceError::Busy`],
    /// [`MaintenanceError::Refused`].
    pub(super) fn ask(dir: &Path) -> Result<Host, MaintenanceError> {
        let in_use = |source| MaintenanceError::InUse {
            dir: dir.to_path_buf(),
            source,
        };
        let stream = short(dir, |path| UnixStream::connect(path)).map_err(in_use)?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        let read = stream.by_ref().take(LONGEST).read_line(&mut line);
        read.map_err(in_use)?;
        let length = line.strip_prefix(GREETING).map(str::trim_end);
        match (
            length.and_then(|length| length.parse().ok()),
            line.strip_prefix(REFUSAL),
        ) {
            (Some(left), _) => Ok(Host { stream, left }),
            (None, Some(reason)) if reason.trim_end() == BUSY => Err(MaintenanceError::Busy),
            (None, Some(reason)) => Err(MaintenanceError::Refused(reason.trim_end().to_owned())),
            (None, None) if line.is_empty() => Err(MaintenanceError::HostEnded),
            (None, None) => Err(MaintenanceError::OtherVersion),
        }
    }

    /// Writes its index to a file.
    ///
    /// # Errors
    /// [`MaintenanceError::HostEnded`], [`MaintenanceError::Draft`].
    pub(super) fn export(&mut self, to: &mut File) -> Result<(), MaintenanceError> {
        let mut index = self.stream.by_ref().take(self.left);
        let mut buffer = vec![0; 256 << 10];
        loop {
            let read = match index.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Err(MaintenanceError::HostEnded),
            };
            let bytes = buffer.get(..read).unwrap_or_default();
            to.write_all(bytes).map_err(MaintenanceError::Draft)?;
        }
        match index.limit() {
            0 => Ok(()),
            _ => Err(MaintenanceError::HostEnded),
        }
    }

    /// Whether the host still holds back removals.
    pub(super) fn is_there(&self) -> bool {
        let stream = self.stream.get_ref();
        let waiting = stream.set_nonblocking(true).and_then(|()| {
            let mut stream = stream;
            stream.read(&mut [0])
        });
        matches!(waiting, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

/// Calls this with a path to the socket in a directory, of which any length is fine on Linux.
fn short<T>(dir: &Path, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = dir.join(SOCKET);
    if path.as_os_str().len() <= LONGEST_PATH {
        return with(&path);
    }
    let dir = File::open(dir)?;
    let number = dir.as_raw_fd();
    with(&PathBuf::from(format!("/proc/self/fd/{number}/{SOCKET}")))
}
