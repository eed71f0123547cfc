//! OpenStack Swift: proxy, account, container and object server, each a process.

use std::path::Path;
use std::process::Command;

use crate::daemon::{Daemon, ask};
use crate::ports;
use crate::service::{REGION, Started, Unavailable, broken, installed, key};

/// Debian's, whose packages no other interpreter sees.
const PYTHON: &str = "/usr/bin/python3";

pub fn start(data: &Path) -> Result<Started, Unavailable> {
    installed("/usr/lib/python3/dist-packages/swift/common/wsgi.py")?;
    let [port, account, container, object] = ports::free();
    let (folder, key) = (data.display(), key("coffer:test"));
    std::fs::create_dir_all(data.join("devices/d0")).map_err(broken)?;
    let write = |name: &str, text: String| std::fs::write(data.join(name), text).map_err(broken);
    write(
        "swift.conf",
        "[swift-hash]\nswift_hash_path_suffix = coffer\n\
         [storage-policy:0]\nname = one\ndefault = yes\n"
            .to_owned(),
    )?;
    for (server, port) in [
        ("account", account),
        ("container", container),
        ("object", object),
    ] {
        let text = format!(
            "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 0\nuser = root\n\
             swift_dir = {folder}\ndevices = {folder}/devices\nmount_check = false\n\
             fallocate_reserve = 0\ndisable_fallocate = true\n\
             [pipeline:main]\npipeline = {server}-server\n\
             [app:{server}-server]\nuse = egg:swift#{server}\n"
        );
        write(&format!("{server}.conf"), text)?;
    }
    let filters = [
        "catch_errors",
        "cache",
        "s3api",
        "tempauth",
        "bulk",
        "slo",
        "dlo",
        "versioned_writes",
        "symlink",
    ];
    let settings = |filter: &str| match filter {
        // It is asked for, and does without.
        "cache" => "memcache_servers = 127.0.0.1:1\n".to_owned(),
        "s3api" => format!("location = {REGION}\n"),
        "tempauth" => format!(
            "user_{} = {} .admin\n",
            key.id.replace(':', "_"),
            key.secret
        ),
        "versioned_writes" => "allow_object_versioning = true\n".to_owned(),
        _ => String::new(),
    };
    let sections = filters.map(|name| {
        let settings = settings(name);
        format!(
            "[filter:{name}]\nuse = egg:swift#{}\n{settings}",
            name.replace("cache", "memcache")
        )
    });
    let text = format!(
        "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 0\nuser = root\n\
         swift_dir = {folder}\n[pipeline:main]\npipeline = {} proxy-server\n\
         [app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n{}",
        filters.join(" "),
        sections.concat()
    );
    write("proxy.conf", text)?;

    // Its programs look for this folder in /etc.
    let here = format!("from swift.common import utils; utils.set_swift_dir('{folder}')\n");
    let rings = format!(
        "{here}from swift.common.ring import RingBuilder\n\
         for name, port in (('account', {account}), ('container', {container}), ('object', {object})):\n\
         \x20   ring = RingBuilder(4, 1, 1)\n\
         \x20   ring.add_dev(dict(id=0, region=1, zone=1, weight=1.0, device='d0', meta='',\n\
         \x20       ip='127.0.0.1', port=port, replication_ip='127.0.0.1', replication_port=port))\n\
         \x20   ring.rebalance()\n\
         \x20   ring.get_ring().save('{folder}/%s.ring.gz' % name)\n"
    );
    ask(Command::new(PYTHON).args(["-c", &rings]))?;
    let mut daemons = Vec::new();
    for server in ["proxy", "object", "container", "account"] {
        let code = format!(
            "{here}from swift.common.wsgi import run_wsgi\n\
             raise SystemExit(run_wsgi('{folder}/{server}.conf', '{server}-server', verbose=True))\n"
        );
        let mut command = Command::new(PYTHON);
        command.args(["-c", &code]);
        daemons.push(Daemon::start(data, server, &mut command)?);
    }
    Ok(Started {
        endpoint: format!("http://127.0.0.1:{port}"),
        key,
        daemons,
        litter: vec![],
    })
}
