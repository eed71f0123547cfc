//! Connections of which one core has all.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use crate::Result;

/// Until the server has noticed what was opened or closed.
const NOTICED: Duration = Duration::from_millis(200);

/// Has one of the server's workers serve the next so many connections, until what this returns is
/// dropped: a new connection is given to the worker with the fewest, and all others have as many that
/// are idle.
pub fn onto_one_worker(server: SocketAddr, connections: u64) -> Result<Vec<TcpStream>> {
    let workers = available_parallelism().map_or(1, usize::from);
    let wrong = |error: io::Error| format!("{server}: {error}");
    sleep(NOTICED);
    let mut dealt = Vec::new();
    for _ in 0..connections {
        for _ in 0..workers {
            dealt.push(TcpStream::connect(server).map_err(wrong)?);
        }
    }
    sleep(NOTICED);
    let (mut number, mut idle) = (0, dealt);
    idle.retain(|_| {
        number += 1;
        number % workers != 0
    });
    sleep(NOTICED);
    Ok(idle)
}
