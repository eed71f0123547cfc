//! Keys that a provider changes while Coffer serves.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::{JoinHandle, block_in_place};

use super::{Provider, openid};
use crate::support::{Server, Setup, eventually};

/// Tokens in use, of both algorithms.
async fn tokens(provider: &Provider) -> Vec<String> {
    let mut tokens = Vec::new();
    for resource in ["urn:storage:rs256", "urn:storage:es256"] {
        tokens.push(openid::token(provider, "ann", resource).await);
    }
    tokens
}

async fn status(server: &Server, token: &str) -> u16 {
    let list = server.get("/v1/user/files").bearer_auth(token);
    list.send().await.unwrap().status().as_u16()
}

/// Checks that tokens are refused: as invalid or, for some seconds after the keys were
/// fetched, because the provider may have published a new key since.
async fn assert_opens_nothing(server: &Server, tokens: &[String]) {
    for token in tokens {
        let status = status(server, token).await;
        assert!(status == 401 || status == 503, "{status}");
    }
}

/// Requests that are sent until they are stopped.
struct Traffic {
    tokens: Arc<Mutex<Vec<String>>>,
    answered: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Several at once, each cycling through these tokens.
    fn start(server: &Arc<Server>, tokens: Vec<String>) -> Self {
        let mut traffic = Self {
            tokens: Arc::new(Mutex::new(tokens)),
            answered: Arc::default(),
            ended: Arc::default(),
            tasks: Vec::new(),
        };
        for first in 0..4 {
            let (server, tokens) = (Arc::clone(server), Arc::clone(&traffic.tokens));
            let (answered, ended) = (Arc::clone(&traffic.answered), Arc::clone(&traffic.ended));
            traffic.tasks.push(tokio::spawn(async move {
                let mut next = first;
                while !ended.load(Ordering::Relaxed) {
                    let token = {
                        let tokens = tokens.lock().unwrap();
                        tokens[next % tokens.len()].clone()
                    };
                    next += 1;
                    assert_eq!(status(&server, &token).await, 200, "{token}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        traffic
    }

    fn set(&self, tokens: Vec<String>) {
        *self.tokens.lock().unwrap() = tokens;
    }

    /// Returns once enough more have been answered for every task to have used each token,
    /// or once a task has failed.
    fn flow(&self) {
        let until = self.answered.load(Ordering::Relaxed) + 64;
        let failed = || self.tasks.iter().any(JoinHandle::is_finished);
        let done = || self.answered.load(Ordering::Relaxed) >= until || failed();
        block_in_place(|| eventually("requests are answered", done));
    }

    /// Returns how many there were. Fails if any was refused.
    async fn end(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.answered.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_the_provider_changes_its_keys() {
    let provider = Provider::openid();
    let server = Arc::new(Setup::policy(&openid::policy(&provider)).start());
    let old = tokens(&provider).await;
    let traffic = Traffic::start(&server, old.clone());
    traffic.flow();
    provider.command("add");
    traffic.flow();
    provider.command("use");
    let new = tokens(&provider).await;
    traffic.set([old.clone(), new.clone()].concat());
    traffic.flow();
    traffic.set(new.clone());
    provider.command("remove");
    traffic.flow();
    let answered = traffic.end().await;
    let fetches = provider.command("fetches");
    println!("{answered} requests, none refused; the keys were fetched {fetches} times");
    // At first, and for the first token of an unknown key.
    assert_eq!(fetches, "2");

    // A server that has seen nothing else knows only the keys that are left.
    let other = Setup::policy(&openid::policy(&provider)).start();
    assert_opens_nothing(&other, &old).await;
    for token in &new {
        assert_eq!(status(&other, token).await, 200);
    }
}

#[tokio::test]
async fn a_key_that_is_replaced_opens_nothing_once_its_successor_has_been_seen() {
    let provider = Provider::openid();
    let server = Setup::policy(&openid::policy(&provider)).start();
    let old = tokens(&provider).await;
    for token in &old {
        assert_eq!(status(&server, token).await, 200);
    }
    for command in ["add", "use", "remove"] {
        provider.command(command);
    }
    let new = tokens(&provider).await;
    // One token of a new key is enough to forget both old ones.
    assert_eq!(status(&server, &new[0]).await, 200);
    assert_opens_nothing(&server, &old).await;
    assert_eq!(status(&server, &new[1]).await, 200);
}
