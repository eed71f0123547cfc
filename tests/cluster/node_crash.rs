//! A node that is killed under load, and comes back.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use crate::garage::Cluster;
use crate::host::Host;
use crate::load::{Found, Load, Read, read};

/// Writes that are acknowledged before, during and after each crash, per host.
const ENOUGH: u64 = 100;
/// Files that are read back at the same time.
const READERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_when_nodes_are_killed_and_come_back() {
    let _alone = crate::ALONE.lock().await;
    let mut cluster = Cluster::start();
    let hosts = [0, 1].map(|node| Arc::new(Host::start(&cluster, node, "coffer")));
    let mut load = Load::start(&hosts);
    load.answers(0, ENOUGH).await;
    load.answers(1, ENOUGH).await;

    // A node that no host talks to: both hosts keep serving.
    cluster.node(2).kill();
    load.answers(0, ENOUGH).await;
    load.answers(1, ENOUGH).await;
    cluster.node(2).restart();
    cluster.wait_until_healthy();
    load.answers(0, ENOUGH).await;

    // The second host's node: that host refuses requests until the node is back.
    cluster.node(1).kill();
    load.answers(0, ENOUGH).await;
    cluster.node(1).restart();
    cluster.wait_until_healthy();
    load.answers(0, ENOUGH).await;
    load.answers(1, ENOUGH).await;

    let outcome = load.stop().await;
    let names = outcome.names.iter();
    let reading = names.map(async |(name, known)| {
        let seen = join_all(hosts.iter().map(|host| read(host, name))).await;
        (name, known, seen)
    });
    let read_back: Vec<_> = stream::iter(reading).buffered(READERS).collect().await;
    let (mut whole, mut late, mut lost) = (0, 0, Vec::new());
    for (name, known, seen) in read_back {
        let (Read::Whole(found), Read::Whole(elsewhere)) = (seen[0], seen[1]) else {
            panic!("{name}: {seen:?}");
        };
        match known.judge(found) {
            _ if found != elsewhere => lost.push(format!("{name}: the hosts differ")),
            Found::Answered => whole += u64::from(known.was_answered()),
            Found::Refused => late += u64::from(known.was_answered()),
            Found::Wrong => lost.push(name.clone()),
        }
    }
    println!(
        "\nreads: {} complete and correct, {} refused with 503 or broken off",
        outcome.reads, outcome.failed_reads
    );
    println!(
        "writes attempted {}, acknowledged {} ({} since replaced by acknowledged ones, {late} by refused \
         ones), refused 503 {}, read back {whole}, lost {}",
        outcome.tried,
        outcome.answered,
        outcome.replaced,
        outcome.refused,
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(outcome.wrong.is_empty(), "{:#?}", outcome.wrong);
    assert_eq!(outcome.tried, outcome.answered + outcome.refused);
    assert_eq!(outcome.answered, whole + outcome.replaced + late);
    assert!(outcome.refused > 0, "the second host had no node");
}
