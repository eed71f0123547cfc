//! Connections that all land on one core.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use crate::Result;

/// Until the server has noticed what was opened or closed.
const NOTICED: Duration = Duration::from_millis(200);

/// Has one of the server's workers serve the next `connections` connections, until what this returns is
/// dropped: a new connection goes to the worker with the fewest, and every other worker holds that
/// many idle ones.
pub fn onto_one_worker(server: SocketAddr, connections: u64) -> Result<Vec<TcpStream>> {
    let workers = available_parallelism().map_or(1, usize::from);
    let wrong = |error: io::Error| format!("{server}: {error}");
    sleep(NOTICED);
    let (mut of_one, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        // They are dealt out in turn.
        of_one.push(TcpStream::connect(server).map_err(wrong)?);
        for _ in 1..workers {
            idle.push(TcpStream::connect(server).map_err(wrong)?);
        }
    }
    sleep(NOTICED);
    drop(of_one);
    sleep(NOTICED);
    Ok(idle)
}
