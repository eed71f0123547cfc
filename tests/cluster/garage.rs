//! A Garage cluster of three nodes, each of which has a replica of everything.

use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::bucket::Bucket;
use crate::node::Node;
use crate::ports;
use crate::process::eventually;

/// An access key that may create buckets.
#[derive(Clone)]
pub struct AccessKey {
    /// The id that requests name.
    pub id: String,
    /// The secret that signs them.
    pub secret: String,
}

/// Three nodes on loopback with replication 3. Stopped, and their data removed, on drop.
pub struct Cluster {
    nodes: [Node; 3],
    key: AccessKey,
    // Last, so that it outlives the processes.
    folder: Arc<TempDir>,
}

impl Cluster {
    /// Starts the nodes, joins them into one cluster, and returns once it is healthy.
    pub fn start() -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let [a, b, c, d, e, f] = ports::free();
        let nodes = [("a", [a, b]), ("b", [c, d]), ("c", [e, f])]
            .map(|(name, ports)| Node::start(&folder.path().join(name), &secret, ports));

        let [first, others @ ..] = &nodes;
        for other in others {
            first.ask(&["node", "connect", &other.id()]);
        }
        for (node, zone) in nodes.iter().zip(["zone-a", "zone-b", "zone-c"]) {
            let id = node.id();
            let (id, _) = id.split_once('@').expect("an id and an address");
            first.ask(&["layout", "assign", id, "-z", zone, "-c", "1G"]);
        }
        first.ask(&["layout", "apply", "--version", "1"]);
        let made = first.call(
            "CreateKey",
            &json!({"name": "coffer", "allow": {"createBucket": true}}),
        );
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        let key = AccessKey {
            id: text("accessKeyId"),
            secret: text("secretAccessKey"),
        };
        let cluster = Self {
            nodes,
            key,
            folder: Arc::new(folder),
        };
        cluster.wait_until_healthy();
        cluster
    }

    /// Waits until every node knows that all three are up and hold all partitions.
    pub fn wait_until_healthy(&self) {
        for node in &self.nodes {
            eventually("the cluster is healthy", || {
                let health = node.call("GetClusterHealth", &Value::Null);
                health["status"] == "healthy" && health["storageNodesUp"] == 3
            });
        }
    }

    /// A node, counted from 0.
    pub fn node(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number]
    }

    /// `http://ADDR:PORT` of a node's S3 API.
    pub fn endpoint(&self, node: usize) -> String {
        self.nodes[node].endpoint()
    }

    /// The key that its clients use.
    pub fn key(&self) -> &AccessKey {
        &self.key
    }

    /// A folder for what runs beside it, removed with its last holder.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// A bucket, which need not exist, through the first node and bypassing Coffer.
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(&self.endpoint(0), &self.key, name)
    }
}
