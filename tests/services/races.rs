//! Two hosts that store or delete one name at the same instant: one succeeds, the
//! other gets 412, and what the first one stored is there.

use reqwest::header::{IF_MATCH, IF_NONE_MATCH};
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::host::Host;
use crate::report::Finding;
use crate::service::Service;

const BUCKET: &str = "races";
/// Of small files, and of those that are stored in parts.
const ROUNDS: [(usize, usize); 2] = [(50, 1000), (10, 9 << 20)];

pub async fn check(service: &Service) -> Finding {
    let mut finding = Finding::default();
    if let Err(error) = service.bucket(BUCKET).create().await {
        finding.fail(format!("no bucket: {error}"));
        return finding;
    }
    let start = || Host::start(service, BUCKET, &[]);
    let hosts = match (start(), start()) {
        (Ok(one), Ok(other)) => [one, other],
        (Err(said), _) | (_, Err(said)) => {
            finding.fail(format!("no start: {said}"));
            return finding;
        }
    };
    for (rounds, size) in ROUNDS {
        for race in [Race::Create, Race::Replace, Race::ReplaceOrDelete] {
            let mut tally = Tally::default();
            for round in 0..rounds {
                let name = format!("{race:?}-{size}-{round}");
                tally.add(race.run(&hosts, &name, size).await);
            }
            tally.tell(race, rounds, size, &mut finding);
        }
    }
    finding
}

#[derive(Debug, Clone, Copy)]
enum Race {
    /// Two PUTs with `If-None-Match: *`.
    Create,
    /// Two PUTs with the `If-Match` of the same version.
    Replace,
    /// A PUT and a DELETE likewise.
    ReplaceOrDelete,
}

/// How a round went.
#[derive(Debug)]
struct Round {
    statuses: [String; 2],
    winners: usize,
    /// What is there afterwards is what a winner left.
    right: bool,
}

impl Race {
    async fn run(self, hosts: &[Host; 2], name: &str, size: usize) -> Result<Round, String> {
        let [one, other] = hosts;
        let bodies = [vec![b'1'; size], vec![b'2'; size]];
        let put = |host: &Host, body: &[u8]| host.request(Method::PUT, name).body(body.to_vec());
        let requests = match self {
            Race::Create => [(one, 0), (other, 1)]
                .map(|(host, n)| put(host, &bodies[n]).header(IF_NONE_MATCH, "*")),
            Race::Replace | Race::ReplaceOrDelete => {
                let first = put(one, &vec![b'0'; size]).send().await;
                let first = first.map_err(|error| error.to_string())?;
                let tag = first.headers().get("etag").cloned();
                let tag = tag.ok_or_else(|| format!("the first PUT is {}", first.status()))?;
                let second = match self {
                    Race::Replace => put(other, &bodies[1]),
                    _ => other.request(Method::DELETE, name),
                };
                [put(one, &bodies[0]), second].map(|request| request.header(IF_MATCH, tag.clone()))
            }
        };
        let [one_status, other_status] = both(requests).await;
        let won = [&one_status, &other_status].map(|status| status.starts_with('2'));
        let after = other.request(Method::GET, name).send().await;
        let after = after.map_err(|error| error.to_string())?;
        let gone = after.status() == StatusCode::NOT_FOUND;
        let content = after.bytes().await.map_err(|error| error.to_string())?;
        let left = |n: usize| match (self, n) {
            (Race::ReplaceOrDelete, 1) => gone,
            _ => content == bodies[n],
        };
        Ok(Round {
            right: (won[0] && left(0)) || (won[1] && left(1)),
            winners: won.into_iter().filter(|won| *won).count(),
            statuses: [one_status, other_status],
        })
    }
}

async fn both(requests: [RequestBuilder; 2]) -> [String; 2] {
    let [one, other] = requests;
    let status = |answer: reqwest::Result<reqwest::Response>| match answer {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) => error.to_string(),
    };
    let (one, other) = tokio::join!(one.send(), other.send());
    [status(one), status(other)]
}

#[derive(Default)]
struct Tally {
    two: usize,
    none: usize,
    wrong: usize,
    strange: Vec<String>,
    failed: Vec<String>,
}

impl Tally {
    fn add(&mut self, round: Result<Round, String>) {
        let round = match round {
            Ok(round) => round,
            Err(cause) => return self.failed.push(cause),
        };
        self.two += usize::from(round.winners == 2);
        self.none += usize::from(round.winners == 0);
        self.wrong += usize::from(!round.right);
        let strange = round
            .statuses
            .into_iter()
            .find(|status| !matches!(status.as_str(), "200" | "201" | "204" | "404" | "412"));
        self.strange.extend(strange);
    }

    fn tell(self, race: Race, rounds: usize, size: usize, finding: &mut Finding) {
        let mut say = |count: usize, what: String| {
            if count > 0 {
                finding.fail(format!(
                    "{race:?} of {size} bytes: {what} in {count} of {rounds} rounds"
                ));
            }
        };
        say(self.two, "two winners".to_owned());
        say(self.none, "no winner".to_owned());
        say(self.wrong, "not what a winner left".to_owned());
        say(
            self.strange.len(),
            format!("an answer of {:?}", self.strange.first()),
        );
        say(self.failed.len(), format!("{:?}", self.failed.first()));
        if self.two + self.none + self.wrong + self.strange.len() + self.failed.len() == 0 {
            finding.note(format!(
                "{race:?} of {size} bytes: one winner in {rounds} rounds"
            ));
        }
    }
}
