//! What the 64 connections do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;

use crate::client::{Answered, Client, compare};
use crate::timeline::{Decision, Policy};

pub const CONNECTIONS: usize = 64;
const MIB: usize = 1 << 20;

/// Files that are there from the beginning: name and size.
pub const FILES: [(&str, usize); 3] = [("small", 64 << 10), ("slow", 8 * MIB), ("large", 32 * MIB)];

/// What all connections share.
pub struct Load {
    server: SocketAddr,
    pattern: Bytes,
    stop: AtomicBool,
    pub decisions: Mutex<Vec<Decision>>,
    pub violations: Mutex<Vec<String>>,
    pub downloads: AtomicUsize,
    pub slow_downloads: AtomicUsize,
    pub uploads: AtomicUsize,
    pub lists: AtomicUsize,
    pub refused: AtomicUsize,
    pub bytes: AtomicUsize,
}

impl Load {
    pub fn new(server: SocketAddr, pattern: Bytes) -> Arc<Self> {
        Arc::new(Self {
            server,
            pattern,
            stop: AtomicBool::new(false),
            decisions: Mutex::default(),
            violations: Mutex::default(),
            downloads: AtomicUsize::new(0),
            slow_downloads: AtomicUsize::new(0),
            uploads: AtomicUsize::new(0),
            lists: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        })
    }

    pub fn violation(&self, what: String) {
        self.violations.lock().unwrap().push(what);
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The bytes of a file, different for every seed.
    pub fn content(&self, seed: usize, length: usize) -> Bytes {
        let start = seed * 7919 % MIB;
        self.pattern.slice(start..start + length)
    }

    /// One connection's work until it is told to stop.
    pub async fn work(self: Arc<Self>, number: usize) {
        let mut client = Client::new(self.server);
        let mut turn = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let done = match number % 8 {
                0 | 1 => self.upload(&mut client, number, turn).await,
                2 => self.list(&mut client).await,
                3 => {
                    self.download(&mut client, 1, Duration::from_millis(5))
                        .await
                }
                4 => self.download(&mut client, 2, Duration::ZERO).await,
                _ => self.download(&mut client, 0, Duration::ZERO).await,
            };
            if let Err(what) = done {
                self.violation(format!("connection {number}: {what}"));
                client = Client::new(self.server);
            }
            turn += 1;
        }
    }

    fn decided(&self, of: Policy, answered: &Answered) {
        self.decisions.lock().unwrap().push(Decision {
            of,
            begun: answered.begun,
            decided: answered.decided,
        });
    }

    async fn download(
        &self,
        client: &mut Client,
        file: usize,
        pause: Duration,
    ) -> Result<(), String> {
        let (name, length) = FILES[file];
        let answered = client.get(&format!("/v1/public/files/{name}")).await?;
        let response = expect(answered, 200, name)?.response;
        compare(response.into_body(), &self.content(file, length), pause)
            .await
            .map_err(|error| format!("{name} {error}"))?;
        let count = if pause.is_zero() {
            &self.downloads
        } else {
            &self.slow_downloads
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }

    /// Stores a file of 1 to 50 MiB and reads it back; or is refused.
    async fn upload(&self, client: &mut Client, number: usize, turn: usize) -> Result<(), String> {
        let seed = number * 1000 + turn;
        let content = self.content(seed, (1 + seed * 31 % 50) * MIB - seed % 4096);
        let path = format!("/v1/public/files/up-{number}");
        let answered = client.put(&path, content.clone()).await?;
        let status = answered.response.status().as_u16();
        match status {
            200 | 201 => self.decided(Policy::Store, &answered),
            403 => self.decided(Policy::List, &answered),
            _ => return Err(format!("an upload got {status}")),
        }
        let body = answered.response.into_body().collect().await;
        body.map_err(|error| format!("an upload's answer broke off: {error}"))?;
        if status == 403 {
            self.refused.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Ok(());
        }
        let answered = client.get(&path).await?;
        let response = expect(answered, 200, &path)?.response;
        compare(response.into_body(), &content, Duration::ZERO)
            .await
            .map_err(|error| format!("{path}, just stored, {error}"))?;
        self.uploads.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(2 * content.len(), Ordering::Relaxed);
        Ok(())
    }

    async fn list(&self, client: &mut Client) -> Result<(), String> {
        let answered = client.get("/v1/public/files?prefix=s&limit=2").await?;
        let status = answered.response.status().as_u16();
        match status {
            200 => self.decided(Policy::List, &answered),
            403 => self.decided(Policy::Store, &answered),
            _ => return Err(format!("a list got {status}")),
        }
        let body = answered.response.into_body().collect().await;
        let body = body
            .map_err(|error| format!("a list broke off: {error}"))?
            .to_bytes();
        let document: serde_json::Value =
            serde_json::from_slice(&body).map_err(|error| format!("a list: {error}"))?;
        if status == 200 && document["files"].as_array().map(Vec::len) != Some(2) {
            return Err(format!("a list is not whole: {document}"));
        }
        self.lists.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn expect(answered: Answered, status: u16, what: &str) -> Result<Answered, String> {
    let found = answered.response.status().as_u16();
    if found == status {
        Ok(answered)
    } else {
        Err(format!("{what} got {found}"))
    }
}
