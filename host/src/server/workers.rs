//! The threads that serve connections: one for each core, each with a runtime of its own, so that
//! cores share as little memory as possible.
//!
//! A connection stays with its worker. It is given to one with few connections, instead of to
//! whichever the kernel selects (SO_REUSEPORT), which leaves cores idle if connections are few.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle, available_parallelism};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::process::memory;

/// The threads that serve connections. Dropped, they end, with what still runs on them.
pub struct Workers(Vec<Worker>);

struct Worker {
    runtime: Handle,
    /// Each of its connections has a reference to it.
    connections: Arc<()>,
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts one for each core that this process may use, and keeps each on a core of its own if
    /// `pinned`.
    ///
    /// # Errors
    /// The system's, if it has no room for more threads.
    pub fn start(pinned: bool) -> io::Result<Self> {
        let count = available_parallelism().map_or(1, usize::from);
        let cores = if pinned { cores(count) } else { Vec::new() };
        let workers = (0..count).map(|n| Worker::start(n, cores.get(n).copied()));
        workers.collect::<io::Result<_>>().map(Self)
    }

    /// The runtimes of all.
    pub fn runtimes(&self) -> Vec<Handle> {
        let runtimes = self.0.iter().map(|worker| worker.runtime.clone());
        runtimes.collect()
    }

    /// Has the worker with the fewest connections serve this one, as `serve` says.
    ///
    /// # Errors
    /// The system's, if the socket cannot be watched.
    pub(super) fn give<F>(
        &self,
        socket: TcpStream,
        serve: impl FnOnce(TcpStream) -> F,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let socket = socket.into_std()?;
        let fewest = self.0.iter().min_by_key(|worker| worker.connections());
        let Some(worker) = fewest else { return Ok(()) };
        let socket = {
            let _context = worker.runtime.enter();
            TcpStream::from_std(socket)?
        };
        let counted = Arc::clone(&worker.connections);
        let serving = serve(socket);
        worker.runtime.spawn(async move {
            serving.await;
            drop(counted);
        });
        Ok(())
    }
}

impl Worker {
    fn start(number: usize, core: Option<usize>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_park(memory::worker_sleeps)
            .build()?;
        let (stop, stopped) = oneshot::channel();
        Ok(Self {
            runtime: runtime.handle().clone(),
            connections: Arc::default(),
            stop: Some(stop),
            thread: Some(
                thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .spawn(move || run(&runtime, core, stopped))?,
            ),
        })
    }

    /// How many it serves.
    fn connections(&self) -> usize {
        Arc::strong_count(&self.connections)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a worker thread panicked");
        }
    }
}

fn run(runtime: &Runtime, core: Option<usize>, stopped: oneshot::Receiver<()>) {
    if let Some(core) = core {
        let mut only = CpuSet::new();
        only.set(core);
        if let Err(error) = sched_setaffinity(None, &only) {
            tracing::warn!(%error, core, "a worker cannot be pinned to its core");
        }
    }
    // Ends when the sender is dropped.
    let _ = runtime.block_on(stopped);
}

/// The cores for so many workers. None if there are more cores than workers: then a quota limits
/// this process to some of its cores' time, and other processes have the rest.
fn cores(workers: usize) -> Vec<usize> {
    let allowed = match sched_getaffinity(None) {
        Ok(allowed) => allowed,
        Err(error) => {
            tracing::warn!(%error, "--pin-cores has no effect: the cores of this process are unknown");
            return Vec::new();
        }
    };
    let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    let cores: Vec<_> = cores.collect();
    if cores.len() == workers {
        return cores;
    }
    tracing::warn!(
        cores = cores.len(),
        workers,
        "--pin-cores has no effect: a CPU quota gives this process less than the cores that it may run on"
    );
    Vec::new()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::future::pending;

    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    /// A socket at the server's side, and the client's.
    async fn connect(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a connection");
        (server, client)
    }

    async fn listen() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").await.expect("a port")
    }

    /// Has `find` run on each of so many open connections' threads.
    async fn on_each<T: Send + 'static>(
        workers: &Workers,
        connections: usize,
        find: impl Fn() -> T + Copy + Send + 'static,
    ) -> Vec<T> {
        let listener = listen().await;
        let (found, mut all) = mpsc::unbounded_channel();
        let mut clients = Vec::new();
        for _ in 0..connections {
            let (server, client) = connect(&listener).await;
            clients.push(client);
            let found = found.clone();
            let serve = |socket| async move {
                let _ = found.send(find());
                pending::<()>().await;
                drop(socket);
            };
            workers.give(server, serve).expect("a worker");
        }
        let mut results = Vec::new();
        while results.len() < connections {
            results.extend(all.recv().await);
        }
        results
    }

    #[tokio::test]
    async fn each_worker_gets_as_many_connections() {
        let workers = Workers::start(false).expect("threads");
        let count = workers.0.len();
        let threads = on_each(&workers, 3 * count, || thread::current().id()).await;
        for thread in threads.iter().collect::<HashSet<_>>() {
            let served = threads.iter().filter(|other| *other == thread).count();
            assert_eq!(served, 3);
        }
    }

    #[tokio::test]
    async fn pinned_workers_have_a_core_each() {
        let workers = Workers::start(true).expect("threads");
        let count = workers.0.len();
        let cores = on_each(&workers, count, || {
            let allowed = sched_getaffinity(None).expect("an affinity");
            let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
            cores.collect::<Vec<_>>()
        })
        .await;
        if super::cores(count).is_empty() {
            // Limited by a quota: each may run everywhere.
            assert!(cores.iter().all(|cores| cores.len() > count));
        } else {
            assert!(cores.iter().all(|cores| cores.len() == 1));
            assert_eq!(cores.iter().collect::<HashSet<_>>().len(), count);
        }
    }

    #[tokio::test]
    async fn dropped_workers_end_their_connections() {
        let workers = Workers::start(false).expect("threads");
        let listener = listen().await;
        let (server, client) = connect(&listener).await;
        let serve = |socket| async move {
            pending::<()>().await;
            drop(socket);
        };
        workers.give(server, serve).expect("a worker");
        drop(workers);
        client.readable().await.expect("its end");
        let read = client.try_read(&mut [0; 1]);
        assert_eq!(read.ok(), Some(0));
    }
}
