//! Names of every kind are stored and walked in pages: none is skipped, none comes
//! twice, all are in order, and the requests are few. A large file under a name that XML cannot
//! carry is stored or refused for good, and leaves no multipart upload.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;

use crate::host::Host;
use crate::names::KINDS;
use crate::report::{Finding, shortened};
use crate::service::Service;

const BUCKET: &str = "lists";
/// The size of a file in parts.
const LARGE: usize = 9 << 20;
/// Stored at the same time.
const AT_ONCE: usize = 8;
/// Requests to the service for a page, and for a walk besides.
const BOUND: (usize, usize) = (4, 8);

pub async fn check(service: &Service) -> Finding {
    let mut finding = Finding::default();
    if let Err(error) = service.bucket(BUCKET).create().await {
        finding.fail(format!("no bucket: {error}"));
        return finding;
    }
    let host = match Host::start(service, BUCKET, &[]) {
        Ok(host) => host,
        Err(said) => {
            finding.fail(format!("no start: {said}"));
            return finding;
        }
    };
    let mut stored = BTreeSet::new();
    for rough in [false, true] {
        for kind in KINDS.iter().filter(|kind| kind.rough == rough) {
            let names = kind.names();
            stored.extend(store(&host, kind.name, names, &mut finding).await);
        }
        for kind in KINDS.iter().filter(|kind| kind.rough == rough) {
            let prefix = format!("{}/", kind.name);
            let one = Walk::new(&prefix, false, 7);
            one.check(service, &host, &stored, &mut finding).await;
            let other = Walk::new(&prefix, true, 13);
            other.check(service, &host, &stored, &mut finding).await;
        }
        for (delimited, limit) in [(false, 100), (false, 1000), (true, 3)] {
            let walk = Walk::new("", delimited, limit);
            walk.check(service, &host, &stored, &mut finding).await;
        }
    }
    nothing_begins_with_a_slash(&host, &mut finding).await;
    store_large(service, &host, &mut finding).await;
    finding.note(format!("{} names were stored", stored.len()));
    for warning in host.warnings() {
        finding.note(warning);
    }
    finding
}

/// Some services read two slashes as one.
async fn nothing_begins_with_a_slash(host: &Host, finding: &mut Finding) {
    let walk = Walk::new("/", false, 100);
    match walk.walk(host, 1).await {
        Ok(seen) if seen.is_empty() => {}
        Ok(seen) => finding.fail(format!("the prefix / shows {} names", seen.len())),
        Err(cause) => finding.fail(format!("the prefix /: {cause}")),
    }
}

/// As a multipart upload.
async fn store_large(service: &Service, host: &Host, finding: &mut Finding) {
    let request = host.request(Method::PUT, "large/\u{ffff}");
    match request.body(vec![b'1'; LARGE]).send().await {
        Ok(answer) if answer.status() == 201 => {
            let key = "public/large/\u{ffff}";
            let size = service.bucket(BUCKET).size(key).await;
            if size != i64::try_from(LARGE).ok() {
                finding.fail(format!("a large file of U+FFFF has {size:?} bytes"));
            }
        }
        Ok(answer) if answer.status() == 503 => {
            finding.fail("a large file of U+FFFF is 503, as if another attempt could help");
        }
        Ok(answer) => finding.note(format!("a large file of U+FFFF is {}", answer.status())),
        Err(error) => finding.fail(format!("a large file of U+FFFF: {error}")),
    }
    match service.bucket(BUCKET).unfinished().await {
        Ok(left) if left.is_empty() => {}
        Ok(left) => finding.fail(format!("{} multipart uploads are left", left.len())),
        Err(error) => finding.fail(format!("the list of multipart uploads: {error}")),
    }
}

/// Stores empty files, and returns the names of those that are said to be stored.
async fn store(host: &Host, kind: &str, names: Vec<String>, finding: &mut Finding) -> Vec<String> {
    let count = names.len();
    let answers = futures_util::stream::iter(names).map(|name| async move {
        let answer = host.request(Method::PUT, &name).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        (name, status.map_err(|error| error.to_string()))
    });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    let mut stored = Vec::new();
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, answer) in answers {
        match answer {
            Ok(200 | 201) => stored.push(name),
            Ok(status) => refused.entry(status.to_string()).or_default().push(name),
            Err(error) => refused.entry(error).or_default().push(name),
        }
    }
    for (answer, names) in refused {
        let (some, first) = (names.len(), &names[0]);
        finding.fail(format!(
            "PUT of {some} of {count} names of the kind {kind} is {answer}, of {:?} for one",
            shortened(first, 40)
        ));
    }
    stored
}

/// One way through the pages.
struct Walk<'a> {
    prefix: &'a str,
    delimited: bool,
    limit: usize,
}

impl<'a> Walk<'a> {
    fn new(prefix: &'a str, delimited: bool, limit: usize) -> Self {
        Self {
            prefix,
            delimited,
            limit,
        }
    }

    async fn check(
        &self,
        service: &Service,
        host: &Host,
        stored: &BTreeSet<String>,
        finding: &mut Finding,
    ) {
        let expected = self.expected(stored);
        let most = expected.len() / self.limit + 2;
        let before = service.proxy.requests();
        let walked = self.walk(host, most).await;
        let asked = service.proxy.requests() - before;
        let what = format!(
            "walk of {:?}{} in pages of {}",
            self.prefix,
            if self.delimited {
                " with a delimiter"
            } else {
                ""
            },
            self.limit
        );
        match walked {
            Ok(seen) => {
                if let Some(difference) = difference(&expected, &seen) {
                    finding.fail(format!("{what}: {difference}"));
                }
                if asked > most * BOUND.0 + BOUND.1 {
                    finding.fail(format!("{what}: {asked} requests for {most} pages"));
                }
            }
            Err(cause) => finding.fail(format!("{what}: {cause}, after {asked} requests")),
        }
    }

    /// What is to come, in order.
    fn expected(&self, stored: &BTreeSet<String>) -> Vec<String> {
        let below = stored.iter().filter_map(|name| {
            let rest = name.strip_prefix(self.prefix)?;
            Some(match rest.split_once('/').filter(|_| self.delimited) {
                Some((folder, _)) => format!("{}{folder}/", self.prefix),
                None => name.clone(),
            })
        });
        below.collect::<BTreeSet<_>>().into_iter().collect()
    }

    async fn walk(&self, host: &Host, most: usize) -> Result<Vec<String>, String> {
        let mut seen = Vec::new();
        let mut query = vec![
            ("prefix", self.prefix.to_owned()),
            ("limit", self.limit.to_string()),
        ];
        if self.delimited {
            query.push(("delimiter", "/".to_owned()));
        }
        let fixed = query.len();
        for _ in 0..most {
            let answer = host.list(&query).send().await.map_err(|e| e.to_string())?;
            if answer.status() != 200 {
                let have = seen.len();
                return Err(format!("{} after {have} entries", answer.status()));
            }
            let page: Value = answer.json().await.map_err(|e| e.to_string())?;
            let mut entries: Vec<String> = texts(&page["files"], "name");
            entries.extend(texts(&page["folders"], ""));
            entries.sort();
            seen.extend(entries);
            let Some(next) = page["next"].as_str() else {
                return Ok(seen);
            };
            query.truncate(fixed);
            query.push(("cursor", next.to_owned()));
        }
        Err(format!(
            "no end after {most} pages and {} entries",
            seen.len()
        ))
    }
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let text = |value: &Value| match field {
        "" => value.as_str().map(str::to_owned),
        _ => value[field].as_str().map(str::to_owned),
    };
    list.as_array().unwrap().iter().filter_map(text).collect()
}

/// In which way what was seen is not what is to be seen.
fn difference(expected: &[String], seen: &[String]) -> Option<String> {
    if expected == seen {
        return None;
    }
    let wanted: BTreeSet<_> = expected.iter().collect();
    let found: BTreeSet<_> = seen.iter().collect();
    let shown = |what: &str, names: Vec<&&String>| match names.first() {
        Some(first) => {
            let first = shortened(first, 40);
            format!("{} {what}, {first:?} for one; ", names.len())
        }
        None => String::new(),
    };
    let missing = shown("missing", wanted.difference(&found).collect());
    let strange = shown("unknown", found.difference(&wanted).collect());
    let twice = seen.len() - found.len();
    Some(format!(
        "of {}: {missing}{strange}{twice} repeated{}",
        expected.len(),
        if seen.is_sorted() {
            ""
        } else {
            ", not in order"
        }
    ))
}
