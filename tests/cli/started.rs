//! What a start logs, and the permissions of the directories that it creates.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::support::s3_service::S3Service;
use crate::support::{BUCKET, Server, Setup, eventually};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// The one line with everything that an operator asks first.
fn start_line(server: &Server) -> String {
    let line = |log: &str| {
        let mut lines = log.lines().filter(|line| line.contains("serving version="));
        let line = lines.next()?.to_owned();
        assert_eq!(lines.next(), None);
        Some(line)
    };
    eventually("it is logged", || line(&server.log()).is_some());
    line(&server.log()).unwrap()
}

#[test]
fn one_line_of_the_log_says_what_serves_where_and_from_which_files() {
    let server = Setup::default().start();
    let line = start_line(&server);
    let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"");
    let data = server.data_dir().canonicalize().unwrap();
    let operations = server.operations.trim_start_matches("http://");
    for words in [
        version,
        "commit=\"",
        "engine=\"local\"",
        &format!("files={:?}", data.display().to_string()),
        &format!("listen={}", server.address()),
        &format!("operations={operations:?}"),
    ] {
        assert!(line.contains(words), "{words} in {line}");
    }
    for digest in ["component=", "policy="] {
        let (_, rest) = line.split_once(digest).unwrap();
        let hex = rest
            .trim_start_matches('"')
            .chars()
            .take_while(char::is_ascii_hexdigit);
        assert_eq!(hex.count(), 16, "{digest} in {line}");
    }

    let service = Arc::new(S3Service::start());
    let server = Setup::public_only()
        .s3(&service)
        .args(&["--s3-prefix", "here"])
        .start();
    let line = start_line(&server);
    let place = format!("files=\"s3://{BUCKET}/here at {}\"", service.url());
    for words in ["engine=\"s3", &place, "policy=\"built in\""] {
        assert!(line.contains(words), "{words} in {line}");
    }
}

#[test]
fn a_data_directory_is_private_and_one_that_is_not_is_logged() {
    let server = Setup::public_only().args(&["--dev"]).start();
    let data = server.data_dir();
    assert_eq!(mode(&data), 0o700);
    for secret in ["link-secret", "development-key"] {
        assert_eq!(mode(&data.join(secret)), 0o600, "{secret}");
    }
    assert!(!server.log().contains("chmod"), "{}", server.log());
    let folder = server.data();
    assert_eq!(server.stop(), Some(0));

    set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let server = Setup::public_only().data(folder).start();
    let said = format!("chmod 700 {}", data.display());
    let is_said = || {
        let log = server.log();
        log.lines()
            .any(|line| line.contains(" WARN ") && line.contains(&said))
    };
    eventually("it is logged", is_said);
}

#[test]
fn a_secret_is_one_line_that_a_server_accepts_as_printed() {
    let printed = || {
        let ended = run(&["secret"], &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout
    };
    let (one, other) = (printed(), printed());
    assert_ne!(one, other);
    assert_eq!((one.len(), one.lines().count()), (44, 1), "{one}");
    let folder = TempDir::new().unwrap();
    let secret = file(&folder, "link-secret", &one);
    let flags = ["--link-secret-file", &secret];
    let server = Setup::public_only().args(&flags).start();
    assert!(!server.data_dir().join("link-secret").exists());
}
