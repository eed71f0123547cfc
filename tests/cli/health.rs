//! `coffer health`: what a container's health check runs.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;

use socket2::{Domain, Socket, Type};

use super::*;
use crate::support::{Server, eventually};

fn ask(operations: &str) -> Ended {
    // A proxy of the environment is meant for other requests.
    let env = [
        ("COFFER_OPS_LISTEN", operations),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("http_proxy", "http://127.0.0.1:1"),
    ];
    run(&["health"], &env)
}

/// A port that refuses connections, for as long as the socket is held.
fn nobody() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address.to_string())
}

fn operations(server: &Server) -> String {
    server.operations.trim_start_matches("http://").to_owned()
}

#[test]
fn a_host_that_is_ready_is_healthy() {
    let server = Server::start();
    let port = operations(&server);
    let port = port.rsplit(':').next().unwrap();
    for address in [operations(&server), format!("0.0.0.0:{port}")] {
        let ended = ask(&address);
        assert_eq!(
            (ended.code, &*ended.stdout, &*ended.stderr),
            (Some(0), "ready\n", ""),
            "{address}"
        );
    }
}

/// What it printed on stderr: one line.
fn complaint(ended: Ended) -> String {
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    ended.stderr
}

#[test]
fn a_host_that_waits_for_its_storage_is_not_and_says_why() {
    let (_held, gone) = nobody();
    let gone = format!("http://{gone}");
    let folder = TempDir::new().unwrap();
    let secret = file(&folder, "secret", [b'7'; 32]);
    let s3 = [
        "serve",
        "--engine",
        "s3",
        "--s3-bucket",
        "files",
        "--s3-wait",
    ];
    let there = ["--s3-endpoint", &gone, "--link-secret-file", &secret];
    let listen = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let keys = [
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let mut host = command(&[&s3[..], &there, &listen].concat(), &keys);
    let host = host.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut host = host.spawn().unwrap();
    let lines = BufReader::new(host.stdout.as_mut().unwrap()).lines();
    let operations = lines.map_while(Result::ok).find_map(|line| {
        line.strip_prefix("operations on http://")
            .map(str::to_owned)
    });
    let operations = operations.unwrap();
    eventually("it knows why", || {
        complaint(ask(&operations)).contains("not ready: waiting for the store: ")
    });
    host.kill().unwrap();
    host.wait().unwrap();
}

#[test]
fn without_an_answer_nobody_is_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // It accepts connections, and never answers.
    let ended = run(
        &["health", "--ops-listen", &address, "--timeout", "100ms"],
        &[],
    );
    let said = complaint(ended);
    assert!(
        said.contains(&format!("no answer from http://{address}")),
        "{said}"
    );
    let (_held, gone) = nobody();
    for (operations, says) in [
        (&*gone, "Connection refused"),
        ("off", "no operations listener"),
        ("127.0.0.1:0", "has port 0"),
    ] {
        let said = complaint(ask(operations));
        assert!(said.contains(says), "{operations}: {said}");
    }
}
