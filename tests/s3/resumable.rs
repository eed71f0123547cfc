//! A resumable upload over two hosts, one of which is killed in the middle.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{get, on};
use crate::support::s3_service::S3Service;
use crate::support::{BUCKET, Connection, content, eventually};
use crate::uploads::Tus;

/// How long the turn of a host that is gone may last, and more.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn an_upload_goes_on_at_another_host_after_a_kill() {
    let service = Arc::new(S3Service::start());
    let (one, other) = (on(&service), on(&service));
    let sent = content(21, 40 << 20);
    let upload = Tus::new(&one, None)
        .create("public", "f", sent.len() as u64)
        .await;
    let mut offset = 0;
    for (turn, size) in [100_000, 6 << 20, 9 << 20, 1].into_iter().enumerate() {
        let host = Tus::new(if turn % 2 == 0 { &other } else { &one }, None);
        let from = usize::try_from(offset).unwrap();
        offset = host.append(&upload, offset, &sent[from..from + size]).await;
        assert_eq!(offset, (from + size) as u64);
        assert_eq!(Tus::new(&one, None).offset(&upload).await, Ok(offset));
        assert_eq!(Tus::new(&other, None).offset(&upload).await, Ok(offset));
    }
    let from = usize::try_from(offset).unwrap();
    let mut connection = Connection::open(one.address());
    connection.send(format!(
        "PATCH {upload} HTTP/1.1\r\nHost: {}\r\nTus-Resumable: 1.0.0\r\n\
         Content-Type: application/offset+octet-stream\r\n\
         Upload-Offset: {offset}\r\nContent-Length: {}\r\n\r\n",
        one.address(),
        20 << 20
    ));
    service.requests();
    connection.send(&sent[from..from + (18 << 20)]);
    let mut parts = 0;
    eventually("parts are being uploaded", || {
        let requests = service.requests();
        let is_part = |line: &&String| line.contains("partNumber=");
        parts += requests.iter().filter(is_part).count();
        parts > 1
    });
    one.crash();
    let tus = Tus::new(&other, None);
    assert_eq!(tus.offset(&upload).await, Ok(offset));
    // The other host has the turn once the lease has ended.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let rest = sent[from..sent.len() - 5].to_vec();
        let answer = tus.patch(&upload, offset, rest).send().await.unwrap();
        match answer.status().as_u16() {
            423 => assert!(Instant::now() < deadline, "the turn never ends"),
            status => {
                assert_eq!(status, 204);
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let end = sent.len() - 5;
    assert_eq!(
        tus.append(&upload, end as u64, &sent[end..]).await,
        sent.len() as u64
    );
    let (status, found) = get(&other, "f").await;
    assert_eq!(status, 200);
    assert!(found == sent);
    assert_eq!(tus.offset(&upload).await, Ok(sent.len() as u64));
    let id = upload.rsplit('/').next().unwrap();
    let state = format!(".coffer/uploads/{id}");
    assert_eq!(service.objects(BUCKET), [state.as_str(), "public/f"]);
    assert_eq!(service.unfinished(), 0);
}
