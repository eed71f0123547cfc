//! kill -9 of the host between appends and during them.

use super::{Tus, path_of};
use crate::support::{Connection, Setup, content, stored};

#[tokio::test]
async fn no_acknowledged_byte_is_lost_by_kills() {
    let sent = content(11, 2_000_000);
    let mut server = Setup::public_only().start();
    let created = Tus::new(&server, None)
        .try_create("public", "a", sent.len() as u64)
        .await;
    let upload = path_of(&server, &created);
    let mut acknowledged = 0;
    for kill in 0..10 {
        let tus = Tus::new(&server, None);
        let offset = tus.offset(&upload).await.unwrap();
        assert!(
            offset >= acknowledged,
            "{offset} < {acknowledged} at {kill}"
        );
        let start = usize::try_from(offset).unwrap();
        acknowledged = tus
            .append(&upload, offset, &sent[start..start + 50_000])
            .await;
        // Another append is on its way.
        let start = usize::try_from(acknowledged).unwrap();
        let mut connection = Connection::open(server.address());
        connection.send(format!(
            "PATCH {upload} HTTP/1.1\r\nHost: {}\r\nTus-Resumable: 1.0.0\r\n\
             Content-Type: application/offset+octet-stream\r\n\
             Upload-Offset: {acknowledged}\r\nContent-Length: 100000\r\n\r\n",
            server.address()
        ));
        connection.send(&sent[start..start + 50_000]);
        let data = server.crash();
        server = Setup::public_only().data(data).start();
    }
    let tus = Tus::new(&server, None);
    let offset = tus.offset(&upload).await.unwrap();
    assert!(offset >= acknowledged);
    let start = usize::try_from(offset).unwrap();
    assert_eq!(
        tus.append(&upload, offset, &sent[start..]).await,
        sent.len() as u64
    );
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert!(file.0 == sent);
    let data = server.crash();
    server = Setup::public_only().data(data).start();
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert!(file.0 == sent);
    assert_eq!(
        Tus::new(&server, None).offset(&upload).await,
        Ok(sent.len() as u64)
    );
}
