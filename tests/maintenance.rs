//! `coffer backup`, `coffer restore` and `coffer copy`: what is kept is what was there, whatever
//! happens meanwhile, and repeating a command that was interrupted converges.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{COFFER, Server, Setup, content, files_below, iam, json_of, org_member, user};

mod backup; // what is in one, and what is not copied again
mod buckets; // copies to buckets and back, and what goes wrong there
mod copy; // copies between directories, killed, refused
mod damaged; // backups of which something is lost or damaged
mod full; // a disk that is full
mod killed; // backups and restores that are killed
mod moment; // one moment, while files are replaced, moved and deleted
mod refused; // what is not a backup, or not this one's

/// What a command that has ended printed.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    /// The line that it printed, if it succeeded.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self.stdout.trim_end().to_owned()
    }

    /// The lines with which it was refused.
    #[track_caller]
    fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        self.stderr
    }
}

fn command(args: &[&str], env: &[(String, String)]) -> Command {
    let mut command = Command::new(COFFER);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COFFER_")) {
        command.env_remove(name);
    }
    command
        .args(args)
        .envs(env.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(args: &[&str]) -> Ended {
    ended(command(args, &[]).spawn().unwrap())
}

fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn backup_args<'a>(data: &'a Path, to: &'a Path) -> [&'a str; 5] {
    ["backup", "--data-dir", text(data), "--to", text(to)]
}

fn backup(data: &Path, to: &Path) -> Ended {
    run(&backup_args(data, to))
}

fn restore(from: &Path, data: &Path) -> Ended {
    run(&["restore", "--from", text(from), "--data-dir", text(data)])
}

/// A server whose public area is open to all, with tokens for the others.
fn open_to_all() -> Setup {
    let rules = "[public]\nlist = \"anyone\"\nreplace = \"anyone\"\ndelete = \"anyone\"\n";
    Setup::policy(&(iam() + rules))
}

/// A restored backup in a folder where a server looks for it.
fn restored(backup: &Path) -> Arc<TempDir> {
    let folder = TempDir::new().unwrap();
    restore(backup, &folder.path().join("data")).done();
    Arc::new(folder)
}

/// Names of areas, with the token of somebody who can see all of it.
fn areas() -> [(&'static str, String); 4] {
    [
        ("public", org_member("ann", "acme")),
        ("user", user("ann")),
        ("user", user("bob")),
        ("org", org_member("ann", "acme")),
    ]
}

/// Everything that a file is to its users: description and bytes, by area, owner and name.
type Files = BTreeMap<(usize, String), (Value, Vec<u8>)>;

/// All files of these areas, as a server answers.
async fn files(server: &Server) -> Files {
    let mut files = Files::new();
    for (place, (area, token)) in areas().into_iter().enumerate() {
        let list = server.get(&format!("/v1/{area}/files?limit=1000"));
        let list = json_of(list.bearer_auth(&token)).await;
        assert_eq!(list["next"], Value::Null);
        for file in list["files"].as_array().unwrap() {
            let name = file["name"].as_str().unwrap().to_owned();
            let encoded = name
                .replace('%', "%25")
                .replace(' ', "%20")
                .replace('?', "%3F");
            let info = server.get(&format!("/v1/{area}/info/{encoded}"));
            let mut info = json_of(info.bearer_auth(&token)).await;
            for member in ["public_url", "versioned_url"] {
                info.as_object_mut().unwrap().remove(member);
            }
            let bytes = server.get(&format!("/v1/{area}/files/{encoded}"));
            let bytes = bytes.bearer_auth(&token).send().await.unwrap();
            assert_eq!(bytes.status(), 200, "{name}");
            let bytes = bytes.bytes().await.unwrap().to_vec();
            files.insert((place, name), (info, bytes));
        }
    }
    files
}

/// The same without what an engine decides itself: tags and times.
fn stored_by_users(files: Files) -> Files {
    let mut files = files;
    for (info, _) in files.values_mut() {
        let info = info.as_object_mut().unwrap();
        info.remove("etag");
        info.remove("last_modified");
    }
    files
}

/// Files of all areas and sizes, with types, metadata and names of many kinds, and a copy.
async fn fill(server: &Server) {
    let sizes = [0, 1, 8192, 8193, 300_000];
    let names = [
        "a.txt",
        "deep/er/b.png",
        "日本語 ü+%.pdf",
        "c?d.webp",
        "plain",
    ];
    for (place, (area, token)) in areas().into_iter().enumerate() {
        for (number, (name, size)) in names.into_iter().zip(sizes).enumerate() {
            let encoded = name
                .replace('%', "%25")
                .replace(' ', "%20")
                .replace('?', "%3F");
            let seed = (place * 10 + number) as u64;
            let put = server
                .put(&format!("/v1/{area}/files/{encoded}"), content(seed, size))
                .bearer_auth(&token)
                .header("content-type", ["text/plain", "x/y; a=\"b\""][number % 2])
                .header("coffer-meta-owner", format!("zo%C3%AB-{seed}"));
            assert_eq!(put.send().await.unwrap().status(), 201, "{name}");
        }
        let copy = serde_json::json!({ "from": "plain", "to": "copied" });
        let copy = server.post(&format!("/v1/{area}/copy")).json(&copy);
        let copied = copy.bearer_auth(&token).send().await.unwrap();
        assert_eq!(copied.status(), 201);
    }
}

async fn put(server: &Server, name: &str, bytes: Vec<u8>) {
    let put = server.put(&format!("/v1/public/files/{name}"), bytes);
    let stored = put.send().await.unwrap();
    assert!(stored.status().is_success(), "{stored:?}");
}

async fn delete(server: &Server, name: &str) {
    let path = format!("/v1/public/files/{name}");
    let deleted = server.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
}

/// The names of the blobs in a data directory or a backup, with what tells a file from another.
fn blobs(dir: &Path) -> BTreeMap<String, (u64, u64, std::time::SystemTime)> {
    use std::os::unix::fs::MetadataExt;
    let found = files_below(&dir.join("blobs")).into_iter();
    let about = found.filter_map(|(path, size)| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let about = path.metadata().ok()?;
        Some((name, (size, about.ino(), about.modified().unwrap())))
    });
    about.collect()
}
