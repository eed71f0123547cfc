//! Shadow policies: what is counted and logged, what clients see of it, which is nothing, and how
//! one is begun, ended and put in force.

use reqwest::{Client, Method};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{
    Guest, RequestBuilder, Server, Setup, eventually, iam, org_member, raw, token, user,
};

mod changed; // PUT, DELETE, files, promote, rollback, another component
mod differing; // decisions that differ: counted, logged, and of each file
mod failing; // a shadow that traps, loops or answers nonsense
mod unseen; // what clients see

/// Asks the operations listener: status, and the document if there is one.
async fn operate(server: &Server, method: Method, path: &str, body: &str) -> (u16, Value) {
    let url = format!("{}{path}", server.operations);
    let request = Client::new().request(method, url).body(body.to_owned());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn shadow(server: &Server) -> Value {
    operate(server, Method::GET, "/shadow", "").await.1
}

/// Begins with a shadow policy, which is accepted.
async fn begin(server: &Server, policy: &str) {
    let (status, document) = operate(server, Method::PUT, "/shadow", policy).await;
    assert_eq!(status, 200, "{document}");
    assert_eq!(document["policy"], digest(policy), "{document}");
}

/// Waits until this number of decisions was compared, and returns how many came out how.
async fn compared(server: &Server, expected: u64) -> Value {
    for _ in 0..1000 {
        let decisions = shadow(server).await["decisions"].clone();
        let count = |name: &str| decisions[name].as_u64().unwrap();
        if count("same") + count("would_allow") + count("would_deny") >= expected {
            return decisions;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{}", shadow(server).await);
}

/// How often decisions were compared with this result, by the metrics.
async fn counted(server: &Server, action: &str, area: &str, result: &str) -> u64 {
    let url = format!("{}/metrics", server.operations);
    let text = Client::new().get(url).send().await.unwrap();
    let text = text.text().await.unwrap();
    let series = format!(
        "coffer_shadow_decisions_total{{action=\"{action}\",area=\"{area}\",result=\"{result}\"}} "
    );
    let found = text.lines().find_map(|line| line.strip_prefix(&series));
    found.map_or(0, |count| count.parse().unwrap())
}

/// The status of a request.
async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

/// The lines of the log that have all these words.
fn lines(server: &Server, words: &[&str]) -> Vec<String> {
    let log = server.log();
    let lines = log.lines().map(str::to_owned);
    lines
        .filter(|line| words.iter().all(|word| line.contains(word)))
        .collect()
}

fn assert_logged(server: &Server, words: &[&str]) {
    eventually(&format!("{words:?} is in {}", server.log()), || {
        !lines(server, words).is_empty()
    });
}

/// The digest that names a policy.
fn digest(content: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(content);
    let bytes = digest[..8].iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// A policy that trusts the test IAM API and has these rules.
fn policy(rules: &str) -> String {
    iam() + rules
}
