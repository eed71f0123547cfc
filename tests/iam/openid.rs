//! `oidc-provider`: its tokens from the authorization code flow (RFC 6749, 4.1) and from
//! client credentials, for machines (4.4).

use std::collections::HashMap;

use reqwest::Client;
use serde::Deserialize;

use super::browser::location;
use super::isolation::{Callers, Expected};
use super::{Browser, Provider};

/// The tokens from a sign-in.
#[derive(Deserialize)]
pub struct Tokens {
    pub access_token: String,
    id_token: Option<String>,
}

const REDIRECT: &str = "https://app.example/callback";
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// `machine-user` is a user whose id is also the id of the machine's client.
pub const EXPECTED: Expected = Expected {
    user: "
        user         get list create url delete
        no-token     401 401  401    401 401
        ann          200 plan 201    201 204
        ben          404 -    201    404 404
        cleo         404 -    201    404 404
        dan          404 -    201    404 404
        machine-user 404 -    201    404 404
        machine      403 403  403    403 403
        expired      bad bad  bad    bad bad
        elsewhere    bad bad  bad    bad bad
        tampered     bad bad  bad    bad bad
        foreign      bad bad  bad    bad bad
        id-token     bad bad  bad    bad bad
        opaque       bad bad  bad    bad bad",
    org: "
        org          get list         create url delete
        no-token     401 401          401    401 401
        ann          200 plan         201    201 204
        ben          200 ann+plan     201    201 403
        cleo         404 -            201    404 404
        dan          403 403          403    403 403
        machine-user 403 403          403    403 403
        machine      200 ann+ben+plan 201    201 403
        expired      bad bad          bad    bad bad
        elsewhere    bad bad          bad    bad bad
        tampered     bad bad          bad    bad bad
        foreign      bad bad          bad    bad bad
        id-token     bad bad          bad    bad bad
        opaque       bad bad          bad    bad bad",
    public: "
        public       get list                                         create url delete
        no-token     200 401                                          201    201 401
        ann          200 no-token+plan                                201    201 204
        ben          200 ann+no-token+plan                            201    201 403
        cleo         200 ann+ben+no-token+plan                        201    201 403
        dan          200 ann+ben+cleo+no-token+plan                   201    201 403
        machine-user 200 ann+ben+cleo+dan+no-token+plan               201    201 403
        machine      200 ann+ben+cleo+dan+machine-user+no-token+plan  201    201 403
        expired      bad bad                                          bad    bad bad
        elsewhere    bad bad                                          bad    bad bad
        tampered     bad bad                                          bad    bad bad
        foreign      bad bad                                          bad    bad bad
        id-token     bad bad                                          bad    bad bad
        opaque       bad bad                                          bad    bad bad",
    reasons: &[
        ("the token has expired", 1),
        ("the token is for another audience", 2),
        ("the signature is not valid", 1),
        ("the token is from another issuer", 1),
        ("the token is not a JWS", 1),
    ],
};

/// The callers of [`EXPECTED`], with tokens of this algorithm.
pub async fn callers(provider: &Provider, algorithm: &str, foreign: &str) -> Callers {
    let resource = format!("urn:storage:{algorithm}");
    let mut callers = Callers::new();
    for user in ["ann", "ben", "cleo", "dan"] {
        callers.add(user, token(provider, user, &resource).await);
    }
    callers.add("machine-user", token(provider, "machine", &resource).await);
    callers.add("machine", machine(provider, &resource).await);
    let expired = sign_in(provider, "ann", Some(&resource), "openid expired");
    callers.add("expired", expired.await.access_token);
    let elsewhere = format!("urn:elsewhere:{algorithm}");
    callers.add("elsewhere", token(provider, "ann", &elsewhere).await);
    callers.tamper("ben");
    callers.add("foreign", foreign.to_owned());
    let unasked = sign_in(provider, "ann", None, "openid").await;
    callers.add("id-token", unasked.id_token.unwrap());
    callers.add("opaque", unasked.access_token);
    callers
}

/// A policy that finds this provider's keys by discovery.
pub fn policy(provider: &Provider) -> String {
    format!(
        "[iam]\nissuer = '{}'\naudience = 'storage'\norg-claim = '/org_id'\n\
         roles-claim = '/roles'\n[org]\ndelete = 'role:admin'\n",
        provider.issuer
    )
}

/// Signs a user in, and returns an access token for this resource.
pub async fn token(provider: &Provider, user: &str, resource: &str) -> String {
    let tokens = sign_in(provider, user, Some(resource), "openid").await;
    tokens.access_token
}

/// Signs a user in as a browser does, with the provider's own forms.
async fn sign_in(provider: &Provider, user: &str, resource: Option<&str>, scope: &str) -> Tokens {
    let issuer = &provider.issuer;
    let mut browser = Browser::new();
    let resource = resource.map(|resource| ("resource", resource));
    let mut query = vec![
        ("client_id", "web"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    query.extend(resource);
    let start = browser.get(&format!("{issuer}/auth")).query(&query);
    let mut answer = browser.send(start).await;
    let mut forms = [
        vec![("prompt", "login"), ("login", user), ("password", "any")],
        vec![("prompt", "consent")],
    ]
    .into_iter();
    let code = loop {
        let next = location(&answer);
        if next.starts_with(REDIRECT) {
            let url = reqwest::Url::parse(&next).unwrap();
            let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
            break query
                .get("code")
                .unwrap_or_else(|| panic!("{next}"))
                .clone();
        }
        let request = if next.contains("/interaction/") {
            browser.post(&next).form(&forms.next().unwrap())
        } else {
            browser.get(&next)
        };
        answer = browser.send(request).await;
    };
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "web"),
        ("redirect_uri", REDIRECT),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    form.extend(resource);
    let request = browser.post(&format!("{issuer}/token")).form(&form);
    browser.send(request).await.json().await.unwrap()
}

/// A token for the client itself, without a user.
async fn machine(provider: &Provider, resource: &str) -> String {
    let request = Client::new()
        .post(format!("{}/token", provider.issuer))
        .basic_auth("machine", Some("known-to-the-machine-alone"))
        .form(&[("grant_type", "client_credentials"), ("resource", resource)]);
    let answer = request.send().await.unwrap();
    let tokens: Tokens = answer.json().await.unwrap();
    tokens.access_token
}
