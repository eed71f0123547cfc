//! SeaweedFS: one process of its program, which a Python package ships.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::daemon::Daemon;
use crate::ports;
use crate::service::{Started, Unavailable, broken, installed, key};

pub fn start(data: &Path) -> Result<Started, Unavailable> {
    let weed = installed("seaweedfs/bin/weed")?;
    let key = key("coffer-test");
    let identities = json!({"identities": [{
        "name": "coffer",
        "credentials": [{"accessKey": key.id, "secretKey": key.secret}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }]});
    std::fs::write(data.join("s3.json"), identities.to_string()).map_err(broken)?;
    let [m, mg, v, vg, f, fg, s, sg] = ports::free();
    let mut command = Command::new(weed);
    command
        .current_dir(data)
        .args(["-logtostderr=true", "server", "-dir=.", "-volume.max=100"])
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
        .args(["-master.volumeSizeLimitMB=64", "-s3.config=s3.json"])
        .args([
            "-s3",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
        ]);
    let all = [
        ("master.port", m),
        ("master.port.grpc", mg),
        ("volume.port", v),
        ("volume.port.grpc", vg),
        ("filer.port", f),
        ("filer.port.grpc", fg),
        ("s3.port", s),
        ("s3.port.grpc", sg),
    ];
    command.args(all.map(|(flag, port)| format!("-{flag}={port}")));
    Ok(Started {
        endpoint: format!("http://127.0.0.1:{s}"),
        key,
        daemons: vec![Daemon::start(data, "weed", &mut command)?],
        litter: [format!("s3-{s}"), format!("s3-grpc-{sg}")]
            .map(|name| format!("/tmp/seaweedfs-{name}.sock").into())
            .into(),
    })
}
