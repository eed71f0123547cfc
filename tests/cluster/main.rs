//! What only a real distributed object store can show: three Garage nodes with
//! replication 3, two Coffer hosts on one bucket, and crashes on both sides. Garage
//! is expected in `target/tools/bin`, where `just test-cluster` installs it.

#![allow(clippy::unwrap_used)]

mod contract; // the engines' contract suite, with the cluster as its service
mod host_crash; // kill -9 of a host, and clients that disconnect, during multipart uploads
mod memory; // 64 uploads of 1 GiB at once, and the host's memory
mod node_crash; // kill -9 of a node and its return, under reads and writes on both hosts
mod resumable; // an upload that every host goes on with, also after a kill

mod bucket; // a bucket, accessed directly
mod garage; // the cluster: started, connected, laid out
mod host; // a Coffer host in production mode
mod load; // reads and writes that remember what was acknowledged
mod node; // one node of the cluster
mod ports; // ports that stay free while a node is down
mod process; // a process that ends with its owner
#[path = "../support/s3_client.rs"]
mod s3_client; // the SDK's client
mod sink; // an S3 service that accepts everything and stores nothing

use tokio::sync::Mutex;

/// One test at a time: they need the disk and every core.
static ALONE: Mutex<()> = Mutex::const_new(());
