//! Ceph: a monitor, a manager, an OSD in memory and radosgw, each a process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use uuid::Uuid;

use crate::daemon::{Daemon, ask};
use crate::ports;
use crate::service::{Started, Unavailable, broken, installed, key};

const PROGRAMS: [&str; 4] = [
    "/usr/bin/ceph-mon",
    "/usr/bin/ceph-mgr",
    "/usr/bin/ceph-osd",
    "/usr/bin/radosgw",
];

pub fn start(data: &Path) -> Result<Started, Unavailable> {
    for program in PROGRAMS {
        installed(program)?;
    }
    let [mon, rgw] = ports::free();
    let key = key("coffer-test");
    for folder in ["mon", "mgr", "osd", "rgw", "run"] {
        std::fs::create_dir_all(data.join(folder)).map_err(broken)?;
    }
    let fsid = Uuid::new_v4().to_string();
    let file = data.join("ceph.conf");
    std::fs::write(&file, configuration(data, &fsid, mon, rgw)).map_err(broken)?;
    let command = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.arg("-c").arg(&file).args(arguments);
        command
    };
    let address = format!("v1:127.0.0.1:{mon}");
    let keyring = data.join("keyring");
    ask(Command::new("ceph-authtool")
        .arg("--create-keyring")
        .arg(&keyring)
        .args(["--gen-key", "-n", "mon.", "--cap", "mon", "allow *"]))?;
    let made = [
        "--mkfs",
        "-i",
        "a",
        "--fsid",
        &fsid,
        "--public-addr",
        &address,
    ];
    ask(command("ceph-mon", &made).arg("--keyring").arg(&keyring))?;
    let mut run = command("ceph-mon", &["-f", "-i", "a", "--public-addr", &address]);
    let monitor = Daemon::start(data, "ceph-mon", &mut run)?;
    // At first it refuses everyone.
    let status = || ask(&mut command("ceph", &["--connect-timeout", "20", "-s"]));
    patiently(status)?;
    let mut run = command("ceph-mgr", &["-f", "-i", "a"]);
    let manager = Daemon::start(data, "ceph-mgr", &mut run)?;
    let osd = Uuid::new_v4().to_string();
    ask(&mut command("ceph", &["osd", "new", &osd]))?;
    ask(&mut command(
        "ceph-osd",
        &["--mkfs", "-i", "0", "--osd-uuid", &osd],
    ))?;
    let run_osd = || {
        let mut run = command("ceph-osd", &["-f", "-i", "0"]);
        let storage = Daemon::start(data, "ceph-osd", &mut run)?;
        let is_up = || match ask(&mut command("ceph", &["osd", "stat"]))? {
            stat if stat.contains(" 1 up") => Ok(()),
            stat => Err(broken(format!("{}, {}", stat.trim(), storage.last_words()))),
        };
        patiently(is_up)?;
        Ok(storage)
    };
    // It can end while it starts, refused by the monitor ("wrong fsid"). radosgw-admin would wait for
    // it forever.
    let storage = run_osd().or_else(|_: Unavailable| run_osd())?;
    ask(
        command("radosgw-admin", &["user", "create", "--uid=coffer"]).args([
            "--display-name=coffer",
            &format!("--access-key={}", key.id),
            &format!("--secret-key={}", key.secret),
        ]),
    )?;
    let mut run = command("radosgw", &["-f", "-n", "client.rgw"]);
    let gateway = Daemon::start(data, "radosgw", &mut run)?;
    Ok(Started {
        endpoint: format!("http://127.0.0.1:{rgw}"),
        key,
        daemons: vec![gateway, storage, manager, monitor],
        litter: vec![],
    })
}

/// Tries once a second until it succeeds; after half a minute, the last error.
fn patiently<T>(attempt: impl Fn() -> Result<T, Unavailable>) -> Result<T, Unavailable> {
    for _ in 0..30 {
        if let Ok(done) = attempt() {
            return Ok(done);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    attempt()
}

/// One replica, no authentication among its own, nothing outside of the folder.
fn configuration(data: &Path, fsid: &str, mon: u16, rgw: u16) -> String {
    let folder = data.display();
    format!(
        "[global]
fsid = {fsid}
mon_initial_members = a
mon_host = v1:127.0.0.1:{mon}
ms_bind_msgr2 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
keyring = {folder}/keyring
run_dir = {folder}/run
crash_dir = {folder}/run
admin_socket = {folder}/run/$name.$pid.asok
log_file = {folder}/run/$name.log
mon_cluster_log_file = {folder}/run/cluster.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_crit = 1
mon_data_avail_warn = 1
[mon.a]
mon_data = {folder}/mon
[mgr.a]
mgr_data = {folder}/mgr
mgr_initial_modules =
[osd.0]
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 6442450944
[client.rgw]
rgw_data = {folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:{rgw}
rgw_thread_pool_size = 64
"
    )
}
