//! Ports for servers that restart on the same one.

use std::net::TcpListener;

/// The first port that is considered.
const FIRST: u16 = 10_000;

/// Ports on loopback that nothing listens on, all different.
///
/// They lie below the system's ephemeral ports, if that leaves room: an outgoing
/// connection could use one of those while its server is down.
pub fn free<const N: usize>() -> [u16; N] {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let ephemeral: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
    let end = if ephemeral > FIRST + 1000 {
        ephemeral
    } else {
        u16::MAX
    };
    // Another run of the tests starts its search elsewhere.
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    let start = FIRST + (seed % u64::from(end - FIRST)) as u16;
    let mut candidates = (start..end).chain(FIRST..start);
    // Held until all are found, so that none is found twice.
    let held = [(); N].map(|()| {
        candidates
            .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
            .expect("a free port")
    });
    held.map(|listener| listener.local_addr().unwrap().port())
}
