//! A proxy on loopback that pretends to be the servers behind it, with a certificate of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::tls;

/// A proxy that runs as long as the tests do.
pub struct Proxy {
    address: SocketAddr,
    hosts: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
}

impl Proxy {
    /// Starts one that has these hosts, and leads to what is there.
    pub fn start(routes: &[(&str, SocketAddr)]) -> Self {
        let names: Vec<_> = routes.iter().map(|(host, _)| (*host).to_owned()).collect();
        let (tls, certificate) = tls::acceptor(names);
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate).unwrap();
        let routes = routes.iter().map(|(host, to)| ((*host).to_owned(), *to));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Arc::new(Routes {
            routes: routes.collect(),
            tls,
            hosts: Arc::default(),
        });
        let hosts = Arc::clone(&proxy.hosts);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let proxy = Arc::clone(&proxy);
                    tokio::spawn(async move { proxy.carry(stream).await });
                }
            });
        });
        Self {
            address,
            hosts,
            folder,
        }
    }

    /// `http://ADDR:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The file with its certificate.
    pub fn ca_bundle(&self) -> String {
        let file = self.folder.path().join("ca.pem");
        file.to_str().unwrap().to_owned()
    }

    /// The hosts that it was asked for, each once.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = self.hosts.lock().unwrap().clone();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

struct Routes {
    routes: Vec<(String, SocketAddr)>,
    tls: TlsAcceptor,
    hosts: Arc<Mutex<Vec<String>>>,
}

impl Routes {
    /// Carries a connection. One that breaks concerns its two ends alone.
    async fn carry(&self, mut client: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            if client.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let line = String::from_utf8_lossy(&head);
        let target = line.split(' ').nth(1)?.to_owned();
        let tunnel = line.starts_with("CONNECT ");
        let authority = match tunnel {
            true => &target,
            false => target.strip_prefix("http://")?.split('/').next()?,
        };
        self.hosts.lock().unwrap().push(authority.to_owned());
        let host = authority.split(':').next()?;
        let (_, to) = self.routes.iter().find(|(name, _)| name == host)?;
        let mut server = TcpStream::connect(to).await.ok()?;
        if tunnel {
            let answer = b"HTTP/1.1 200 Connected\r\n\r\n";
            client.write_all(answer).await.ok()?;
            let mut client = self.tls.accept(client).await.ok()?;
            copy_bidirectional(&mut client, &mut server).await.ok()?;
        } else {
            server.write_all(&head).await.ok()?;
            copy_bidirectional(&mut client, &mut server).await.ok()?;
        }
        Some(())
    }
}
