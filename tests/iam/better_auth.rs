//! better-auth: its tokens, through its HTTP API.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::isolation::{Callers, Expected};
use super::{Browser, Provider};
use crate::support::Setup;

/// `dan` is in no organization.
pub const EXPECTED: Expected = Expected {
    user: "
        user      get list create url delete
        no-token  401 401  401    401 401
        ann       200 plan 201    201 204
        ben       404 -    201    404 404
        cleo      404 -    201    404 404
        dan       404 -    201    404 404
        machine   403 403  403    403 403
        expired   bad bad  bad    bad bad
        elsewhere bad bad  bad    bad bad
        tampered  bad bad  bad    bad bad
        foreign   bad bad  bad    bad bad
        session   bad bad  bad    bad bad",
    org: "
        org       get list         create url delete
        no-token  401 401          401    401 401
        ann       200 plan         201    201 204
        ben       200 ann+plan     201    201 403
        cleo      404 -            201    404 404
        dan       403 403          403    403 403
        machine   200 ann+ben+plan 201    201 403
        expired   bad bad          bad    bad bad
        elsewhere bad bad          bad    bad bad
        tampered  bad bad          bad    bad bad
        foreign   bad bad          bad    bad bad
        session   bad bad          bad    bad bad",
    public: "
        public    get list                           create url delete
        no-token  200 401                            201    201 401
        ann       200 no-token+plan                  201    201 204
        ben       200 ann+no-token+plan              201    201 403
        cleo      200 ann+ben+no-token+plan          201    201 403
        dan       200 ann+ben+cleo+no-token+plan     201    201 403
        machine   200 ann+ben+cleo+dan+no-token+plan 201    201 403
        expired   bad bad                            bad    bad bad
        elsewhere bad bad                            bad    bad bad
        tampered  bad bad                            bad    bad bad
        foreign   bad bad                            bad    bad bad
        session   bad bad                            bad    bad bad",
    reasons: &[
        ("the token has expired", 1),
        ("the token is for another audience", 1),
        ("the signature is not valid", 1),
        ("the token is from another issuer", 1),
        ("the token is not a JWS", 1),
    ],
};

/// A policy that trusts this server. It has no discovery document.
pub fn policy(provider: &Provider) -> String {
    format!(
        "[iam]\nissuer = '{0}'\naudience = 'storage'\norg-claim = '/org/id'\n\
         roles-claim = '/org/roles'\njwks-url = '{0}/api/auth/jwks'\n\
         [org]\ndelete = 'role:owner'\n",
        provider.issuer
    )
}

/// Somebody who has signed up.
struct Person<'a> {
    browser: Browser,
    provider: &'a Provider,
    email: String,
    /// The session's own token, which is not a JWT.
    session: String,
}

impl<'a> Person<'a> {
    async fn sign_up(provider: &'a Provider, name: &str) -> Self {
        let mut person = Self {
            browser: Browser::new(),
            provider,
            email: format!("{name}@iam.test"),
            session: String::new(),
        };
        let body = json!({ "name": name, "email": person.email, "password": "correct horse" });
        let answer = person.post("sign-up/email", &body).await;
        person.session = answer["token"].as_str().unwrap().to_owned();
        person
    }

    /// Creates an organization, becoming its owner, and acts for it.
    async fn found(&mut self, slug: &str) -> String {
        let body = json!({ "name": slug, "slug": slug });
        let made = self.post("organization/create", &body).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.act_for(&id).await;
        id
    }

    /// Adds somebody as a member to the organization that this person acts for.
    async fn invite(&mut self, other: &mut Person<'_>, organization: &str) {
        let body = json!({ "email": other.email, "role": "member" });
        let invitation = self.post("organization/invite-member", &body).await;
        let body = json!({ "invitationId": invitation["id"] });
        other.post("organization/accept-invitation", &body).await;
        other.act_for(organization).await;
    }

    async fn act_for(&mut self, organization: &str) {
        let body = json!({ "organizationId": organization });
        self.post("organization/set-active", &body).await;
    }

    async fn token(&mut self) -> String {
        let request = self.browser.get(&self.url("token"));
        let answer = self.send(request).await;
        answer["token"].as_str().unwrap().to_owned()
    }

    async fn post(&mut self, path: &str, body: &Value) -> Value {
        let request = self.browser.post(&self.url(path)).json(body);
        self.send(request).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Value {
        // It accepts cookies from its own pages only.
        let request = request.header("origin", &self.provider.issuer);
        self.browser.send(request).await.json().await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/auth/{path}", self.provider.issuer)
    }
}

/// The callers of [`EXPECTED`].
pub async fn callers(provider: &Provider, foreign: &str) -> Callers {
    let mut callers = Callers::new();
    let mut ann = Person::sign_up(provider, "ann").await;
    let mut ben = Person::sign_up(provider, "ben").await;
    let mut cleo = Person::sign_up(provider, "cleo").await;
    let x = ann.found("x").await;
    ann.invite(&mut ben, &x).await;
    cleo.found("y").await;
    callers.add("ann", ann.token().await);
    callers.add("ben", ben.token().await);
    callers.add("cleo", cleo.token().await);
    let mut dan = Person::sign_up(provider, "dan").await;
    callers.add("dan", dan.token().await);
    callers.add("machine", provider.command("machine x"));
    for odd in ["expired", "elsewhere"] {
        let mut person = Person::sign_up(provider, odd).await;
        ann.invite(&mut person, &x).await;
        callers.add(odd, person.token().await);
    }
    callers.tamper("ben");
    callers.add("foreign", foreign.to_owned());
    callers.add("session", ann.session);
    callers
}

/// Up to version 1.2, better-auth publishes a key that it created for signing without `alg`.
#[tokio::test]
async fn a_key_that_does_not_name_its_algorithm_is_used_by_its_type() {
    let provider = Provider::better_auth("better-auth-without-alg");
    let mut ann = Person::sign_up(&provider, "ann").await;
    let token = ann.token().await;
    let keys: Value = reqwest::get(ann.url("jwks"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(keys["keys"][0]["alg"].is_null(), "{keys}");
    let server = Setup::policy(&policy(&provider)).start();
    let put = server.put("/v1/user/files/a", "x").bearer_auth(token);
    assert_eq!(put.send().await.unwrap().status(), 201);
}
