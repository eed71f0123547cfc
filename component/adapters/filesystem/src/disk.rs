//! The data directory, and the operations of `wasi:filesystem` in it.

use std::time::{Duration, UNIX_EPOCH};

use coffer_adapter::platform;
use coffer_port::Error;

use crate::bindings::wasi::filesystem::preopens::get_directories;
use crate::bindings::wasi::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

pub use crate::bindings::wasi::filesystem::types::Descriptor;

/// The default data directory.
const DEFAULT: &str = "/data";
/// The setting that names another directory.
const SETTING: &str = "COFFER_DATA_DIR";
/// How much is read at once, in bytes.
const CHUNK: u64 = 256 << 10;

/// A directory of the store.
pub struct Directory(Descriptor);

/// Why a disk operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    doing: &'static str,
    code: ErrorCode,
}

/// The result of a disk operation.
pub type Answer<T> = Result<T, Failure>;

fn failure(doing: &'static str) -> impl Fn(ErrorCode) -> Failure {
    move |code| Failure { doing, code }
}

impl Failure {
    /// Whether the file does not exist.
    pub fn is_absence(self) -> bool {
        self.code == ErrorCode::NoEntry
    }

    /// Whether the file already exists.
    pub fn is_presence(self) -> bool {
        self.code == ErrorCode::Exist
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure.code {
            ErrorCode::InsufficientSpace | ErrorCode::Quota => Error::NoSpace,
            code => Error::unavailable(format!("{}: {code}", failure.doing)),
        }
    }
}

impl Directory {
    /// The data directory, which is created if missing below a preopened directory.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] if no directory is preopened for it; else the disk's error.
    pub fn given() -> Result<Directory, Error> {
        let setting = platform::setting(SETTING);
        let wanted = setting.as_deref().unwrap_or(DEFAULT).trim_end_matches('/');
        let below = |preopen: &str| {
            let rest = wanted.strip_prefix(preopen.trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/').to_owned())
        };
        let nearest = get_directories()
            .into_iter()
            .filter_map(|(descriptor, name)| Some((descriptor, below(&name)?)))
            .min_by_key(|(_, rest)| rest.len());
        let Some((descriptor, rest)) = nearest else {
            let cause = format!("no directory is preopened as {wanted} (COFFER_DATA_DIR)");
            return Err(Error::Misconfigured(cause.into()));
        };
        let mut directory = Directory(descriptor);
        for segment in rest.split('/').filter(|segment| !segment.is_empty()) {
            directory = directory.enter(segment)?;
        }
        Ok(directory)
    }

    /// A directory in this one, created if missing.
    pub fn enter(&self, name: &str) -> Answer<Directory> {
        let with = |flags| {
            self.0
                .open_at(PathFlags::empty(), name, OpenFlags::DIRECTORY, flags)
                .map(Directory)
        };
        let open = || {
            // jco does not support the second flag, and allows changes without it.
            match with(DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY) {
                Err(ErrorCode::Unsupported) => with(DescriptorFlags::READ),
                opened => opened,
            }
        };
        match open() {
            Err(ErrorCode::NoEntry) => {
                match self.0.create_directory_at(name) {
                    Ok(()) => self.settle()?,
                    Err(ErrorCode::Exist) => {}
                    Err(code) => return Err(failure("creating a directory")(code)),
                }
                open().map_err(failure("opening a directory"))
            }
            opened => opened.map_err(failure("opening a directory")),
        }
    }

    /// Opens an existing file for reading.
    pub fn open(&self, name: &str) -> Answer<Descriptor> {
        self.0
            .open_at(
                PathFlags::empty(),
                name,
                OpenFlags::empty(),
                DescriptorFlags::READ,
            )
            .map_err(failure("opening a file"))
    }

    /// Creates a new file for writing.
    pub fn create(&self, name: &str) -> Answer<Descriptor> {
        let open = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        self.0
            .open_at(PathFlags::empty(), name, open, flags)
            .map_err(failure("creating a file"))
    }

    /// Links a file under a new name, which must not exist yet, in the other directory.
    pub fn link(&self, name: &str, other: &Directory, new: &str) -> Answer<()> {
        self.0
            .link_at(PathFlags::empty(), name, &other.0, new)
            .map_err(failure("creating a hard link"))
    }

    /// Removes a file. It may already be gone.
    pub fn remove(&self, name: &str) -> Answer<()> {
        match self.0.unlink_file_at(name) {
            Err(ErrorCode::NoEntry) => Ok(()),
            removed => removed.map_err(failure("removing a file")),
        }
    }

    /// All names in it, in no order. Files that are removed meanwhile may be missing.
    pub fn names(&self) -> Answer<Vec<String>> {
        let doing = failure("reading a directory");
        let entries = self.0.read_directory().map_err(&doing)?;
        let mut names = Vec::new();
        loop {
            match entries.read_directory_entry() {
                Ok(Some(entry)) => names.push(entry.name),
                Ok(None) => return Ok(names),
                // wasmtime looks up each file's type, and some files are gone by then.
                Err(ErrorCode::NoEntry) => {}
                Err(code) => return Err(doing(code)),
            }
        }
    }

    /// How long ago the bytes of a file were last changed. None if that is unknown, or the
    /// file is gone.
    pub fn age(&self, name: &str) -> Option<Duration> {
        let stat = self.0.stat_at(PathFlags::empty(), name).ok()?;
        let modified = stat.data_modification_timestamp?;
        let modified = UNIX_EPOCH + Duration::new(modified.seconds, modified.nanoseconds);
        Some(platform::now().duration_since(modified).unwrap_or_default())
    }

    /// Syncs the directory's names, if the platform can do that.
    pub fn settle(&self) -> Answer<()> {
        match self.0.sync() {
            Ok(()) => Ok(()),
            Err(code @ (ErrorCode::InsufficientSpace | ErrorCode::Quota | ErrorCode::Io)) => {
                Err(failure("syncing a directory")(code))
            }
            // Not every platform syncs directories.
            Err(_) => Ok(()),
        }
    }
}

/// The size of a file in bytes.
pub fn size(file: &Descriptor) -> Answer<u64> {
    let stat = file.stat().map_err(failure("reading a file's metadata"))?;
    Ok(stat.size)
}

/// `length` bytes from an offset on; fewer if the file ends.
pub fn read(file: &Descriptor, mut offset: u64, length: u64) -> Answer<Vec<u8>> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < length {
        let left = length - bytes.len() as u64;
        let (piece, end) = file
            .read(left.min(CHUNK), offset)
            .map_err(failure("reading a file"))?;
        offset += piece.len() as u64;
        let over = end || piece.is_empty();
        bytes.extend(piece);
        if over {
            break;
        }
    }
    Ok(bytes)
}

/// Writes all of these bytes from an offset on.
pub fn write(file: &Descriptor, mut offset: u64, mut bytes: &[u8]) -> Answer<()> {
    while !bytes.is_empty() {
        let written = file
            .write(bytes, offset)
            .map_err(failure("writing a file"))?;
        let length = usize::try_from(written).unwrap_or(bytes.len());
        if length == 0 {
            return Err(failure("writing a file")(ErrorCode::Io));
        }
        offset += written;
        bytes = bytes.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// Syncs a file's bytes.
pub fn sync(file: &Descriptor) -> Answer<()> {
    file.sync().map_err(failure("syncing a file"))
}
