//! Child processes, stopped on drop, and what the system says about them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// How long a server may take to stop once asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server. Stopped on drop.
pub struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    /// Starts a program whose stderr goes to a file.
    pub fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let log = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let child = command.stdin(Stdio::null()).stderr(log).spawn();
        let child = child.map_err(|error| format!("{name} cannot be started: {error}"))?;
        Ok(Self { child, name })
    }

    /// The next lines that it writes to a piped stdout, as many as are asked for.
    pub fn lines(&mut self, count: usize) -> Result<Vec<String>> {
        let stdout = self.child.stdout.take().ok_or("its output is not piped")?;
        let lines = BufReader::new(stdout).lines().take(count);
        let lines: std::io::Result<Vec<_>> = lines.collect();
        match lines {
            Ok(lines) if lines.len() == count => Ok(lines),
            _ => Err(format!("{} ended instead of serving", self.name)),
        }
    }

    /// Waits until something answers at an address.
    pub fn answers(&mut self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{} ended: {status}", self.name));
            }
            if Instant::now() > deadline {
                return Err(format!("{} does not answer at {address}", self.name));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Its resident memory, in MiB. A page that several instances of the component map counts
    /// once.
    pub fn resident_mib(&self) -> Result<f64> {
        resident_mib(self.child.id())
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> Result<usize> {
        let folder = format!("/proc/{}/fd", self.child.id());
        let open = std::fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?;
        Ok(open.count())
    }

    /// The resident memory of it and its children, in MiB.
    pub fn resident_with_children_mib(&self) -> Result<f64> {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let mut sum = resident_mib(id)?;
        for child in children.split_whitespace() {
            sum += child.parse().ok().map_or(Ok(0.0), resident_mib)?;
        }
        Ok(sum)
    }

    /// Asks it to stop (SIGTERM), and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        self.terminate()?;
        self.child
            .wait()
            .map(drop)
            .map_err(|error| error.to_string())
    }

    fn terminate(&self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .map_err(|error| format!("{}: {error}", self.name))
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    /// Asks first: nginx has children that it ends itself, and that would outlive it if it
    /// were killed.
    fn drop(&mut self) {
        if self.has_ended() || self.terminate().is_err() {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        // It may have ended by now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resident_mib(id: u32) -> Result<f64> {
    let maps = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup"));
    let maps = maps.map_err(|error| format!("process {id}: {error}"))?;
    let line = maps.lines().find(|line| line.starts_with("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| format!("process {id} has no Pss"))
}

/// An address on which nothing listened a moment ago, for programs that do not accept port 0.
pub fn free_address() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| format!("no free port: {error}"))
}

/// This program again, in another role.
pub fn role(name: &str) -> Result<Command> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    command.arg(name);
    Ok(command)
}

/// Runs a program to its end and returns what it wrote to stdout.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or_default();
        return Err(format!("{name}: {}: {said}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{name} did not write text"))
}

/// Raises this process's limit on descriptors, and so its children's, to the most that the
/// system allows.
pub fn raise_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If the limit is too low, the load reports an error.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Raises the limit to this many if this process may, and returns the resulting limit.
pub fn raise_descriptors_to(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = Some(wanted);
    let raised = Rlimit {
        current: limit,
        maximum: limit,
    };
    let is_lower = getrlimit(Resource::Nofile)
        .maximum
        .is_some_and(|maximum| maximum < wanted);
    if is_lower {
        // Only the superuser may.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
