//! Who reaches whose files, with tokens of real providers.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use reqwest::Response;
use reqwest::header::WWW_AUTHENTICATE;
use serde_json::Value;

use super::{Provider, better_auth, openid};
use crate::support::{RequestBuilder, Server, Setup, assert_problem, eventually};

const ORIGINAL: &str = "as it was";

/// A table for each area. The file that callers try to get, share and delete is
/// Ann's own in the user area, her organization's in the org area, and everybody's
/// by Ann in the public one. What they create has their own name.
///
/// In the cells, `bad` is 401 `invalid-token`; a list that is not refused is
/// shown as the names on it, or `-`.
pub struct Expected {
    pub user: &'static str,
    pub org: &'static str,
    pub public: &'static str,
    /// The reasons for refused tokens, and how many callers each concerns.
    pub reasons: &'static [(&'static str, usize)],
}

/// Names and tokens, in the order in which they try.
pub struct Callers(Vec<(&'static str, String)>);

impl Callers {
    /// Somebody without a token.
    pub fn new() -> Self {
        Self(vec![("no-token", String::new())])
    }

    /// Adds a caller with this token.
    pub fn add(&mut self, name: &'static str, token: String) {
        self.0.push((name, token));
    }

    /// Adds a caller, `tampered`, who has put Ann's claims into a token of their own.
    pub fn tamper(&mut self, own: &str) {
        let (claims, _) = self.token("ann").rsplit_once('.').unwrap();
        let (_, signature) = self.token(own).rsplit_once('.').unwrap();
        self.add("tampered", format!("{claims}.{signature}"));
    }

    /// The token of one of them.
    pub fn token(&self, name: &str) -> &str {
        let (_, token) = self.0.iter().find(|(known, _)| *known == name).unwrap();
        token
    }
}

#[tokio::test]
async fn a_token_of_either_provider_opens_its_users_and_organizations_files_and_no_others() {
    let openid = Provider::openid();
    let better_auth = Provider::better_auth("better-auth");
    let foreign = openid::token(&openid, "ann", "urn:storage:es256").await;
    let people = better_auth::callers(&better_auth, &foreign).await;
    let foreign = people.token("ann");
    let by_rs256 = openid::callers(&openid, "rs256", foreign).await;
    let by_es256 = openid::callers(&openid, "es256", foreign).await;

    // Starting blocks, so it comes before the concurrent part.
    let openid = [(); 2].map(|()| Setup::policy(&openid::policy(&openid)).start());
    let better_auth = Setup::policy(&better_auth::policy(&better_auth)).start();
    tokio::join!(
        walk(
            "oidc-provider, RS256",
            &openid[0],
            &by_rs256,
            &openid::EXPECTED
        ),
        walk(
            "oidc-provider, ES256",
            &openid[1],
            &by_es256,
            &openid::EXPECTED
        ),
        walk("better-auth", &better_auth, &people, &better_auth::EXPECTED),
    );
    for (server, expected) in [
        (&openid[0], &openid::EXPECTED),
        (&openid[1], &openid::EXPECTED),
        (&better_auth, &better_auth::EXPECTED),
    ] {
        for (reason, callers) in expected.reasons {
            // Five requests in each of three areas.
            let logged = || server.log().matches(reason).count() == 15 * callers;
            eventually(reason, logged);
        }
    }
}

/// Lets every caller try everything, and compares.
async fn walk(provider: &str, server: &Server, callers: &Callers, expected: &Expected) {
    for name in ["ann", "machine"] {
        println!("{provider}: {name} {}", shape(callers.token(name)));
    }
    let ann = callers.token("ann");
    for (area, expected) in [
        ("user", expected.user),
        ("org", expected.org),
        ("public", expected.public),
    ] {
        let mut found = format!("{area} get list create url delete\n");
        for (name, token) in &callers.0 {
            let row = row(server, area, name, token, ann).await;
            found = format!("{found}{name} {}\n", row.join(" "));
        }
        let (found, expected) = (aligned(&found), aligned(expected));
        println!("{provider}\n{found}");
        assert_eq!(found, expected, "{provider}\n{found}");
    }
}

/// A token's header and claims, for readers of the test's output.
fn shape(token: &str) -> String {
    let parts = token.split('.').take(2);
    let parts = parts.map(|part| Base64UrlSafeNoPadding::decode_to_vec(part, None).unwrap());
    let parts = parts.map(|part| String::from_utf8(part).unwrap());
    parts.collect::<Vec<_>>().join(" ")
}

async fn row(server: &Server, area: &str, name: &str, token: &str, ann: &str) -> Vec<String> {
    let files = format!("/v1/{area}/files");
    let file = format!("{files}/plan");
    let of_ann = server.put(&file, ORIGINAL).bearer_auth(ann);
    let of_ann = of_ann.send().await.unwrap();
    let (status, text) = (of_ann.status(), of_ann.text().await.unwrap());
    assert!(status.is_success(), "{text}, and logged {}", server.log());

    let mut row = Vec::new();
    for request in [
        server.get(&file),
        server.get(&files),
        server.put(&format!("{files}/{name}"), "new"),
        server.post(&format!("/v1/{area}/urls/plan")),
        server.delete(&file),
    ] {
        row.push(cell(with_token(request, token).send().await.unwrap()).await);
    }

    // Whatever the response, it is gone only if its deletion was confirmed.
    let again = server.get(&file).bearer_auth(ann).send().await.unwrap();
    let text = again.text().await.unwrap();
    assert_eq!(text == ORIGINAL, row[4] != "204", "{area} {name}: {text}");
    row
}

fn with_token(request: RequestBuilder, token: &str) -> RequestBuilder {
    if token.is_empty() {
        request
    } else {
        request.bearer_auth(token)
    }
}

async fn cell(response: Response) -> String {
    let status = response.status().as_u16();
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let invalid = challenge.is_some_and(|value| value.to_str().unwrap().contains("invalid_token"));
    let kind = match status {
        401 if invalid => "invalid-token",
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not-found",
        _ => {
            let body: Option<Value> = response.json().await.ok();
            let files = body.as_ref().and_then(|body| body["files"].as_array());
            let Some(files) = files else {
                return status.to_string();
            };
            let names = files.iter().map(|file| file["name"].as_str().unwrap());
            let names: Vec<_> = names.collect();
            return if names.is_empty() {
                "-".to_owned()
            } else {
                names.join("+")
            };
        }
    };
    assert_problem(response, status, kind).await;
    if invalid {
        "bad".to_owned()
    } else {
        status.to_string()
    }
}

/// The table with its columns aligned.
fn aligned(table: &str) -> String {
    let rows = table.trim().lines();
    let rows: Vec<Vec<_>> = rows.map(|row| row.split_whitespace().collect()).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().enumerate();
        let cells: Vec<_> = cells
            .map(|(at, cell)| format!("{cell:<0$}", width(at)))
            .collect();
        text.push_str(cells.join(" ").trim_end());
        text.push('\n');
    }
    text
}
