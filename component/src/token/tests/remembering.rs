//! When keys are fetched again, and which tokens are remembered.

use std::cell::RefCell;
use std::collections::HashMap;

use http::HeaderValue;
use jwt_simple::prelude::*;
use serde_json::{Value, json};

use crate::http::outgoing::{FetchError, Freshness};
use crate::token::*;

const NOW: u64 = 1_800_000_000;

fn key(id: Option<&str>) -> Ed25519KeyPair {
    let pair = Ed25519KeyPair::generate();
    id.map_or(pair.clone(), |id| pair.with_key_id(id))
}

fn set(keys: &[&Ed25519KeyPair]) -> String {
    let jwk = |key: &&Ed25519KeyPair| {
        let mut jwk: Value = serde_json::from_str(&key.public_key().to_jwk()).expect("JSON");
        if let Some(id) = key.key_id() {
            jwk["kid"] = id.as_str().into();
        }
        jwk
    };
    json!({ "keys": keys.iter().map(jwk).collect::<Vec<_>>() }).to_string()
}

fn token(key: &Ed25519KeyPair, seconds: u64) -> String {
    token_of("https://iam", key, seconds)
}

fn token_of(issuer: &str, key: &Ed25519KeyPair, seconds: u64) -> String {
    let claims = json!({"iss": issuer, "sub": "ann", "exp": NOW + seconds});
    let claims: JWTClaims<Value> = serde_json::from_value(claims).expect("claims");
    key.sign(claims).expect("a token")
}

/// A value, and for how many seconds.
type Entry = (Vec<u8>, u32);

/// An IAM API that published `then` when its keys were fetched, and publishes `now`.
struct Surroundings {
    then: Option<String>,
    now: Option<String>,
    is_asked_too_soon: bool,
    asked: RefCell<Vec<Freshness>>,
    remembered: RefCell<HashMap<Vec<u8>, Entry>>,
}

impl Surroundings {
    fn new(then: Option<String>, now: Option<String>) -> Self {
        Self {
            then,
            now,
            is_asked_too_soon: false,
            asked: RefCell::default(),
            remembered: RefCell::default(),
        }
    }

    fn ask(&self, token: &str) -> Result<(), Problem> {
        self.ask_at(NOW, token).map(|_| ())
    }

    fn ask_at(&self, now: u64, token: &str) -> Result<Caller, Problem> {
        let policy = Policy::parse("[iam]\nissuer = 'https://iam'\njwks-url = 'https://iam/keys'");
        let imports = Imports {
            secrets: &|_| None,
            fetch: &|_, freshness| {
                self.asked.borrow_mut().push(freshness);
                let document = match freshness {
                    Freshness::Revalidated if self.is_asked_too_soon => {
                        return Err(FetchError::NotRenewed);
                    }
                    Freshness::Cached => &self.then,
                    Freshness::Revalidated => &self.now,
                    Freshness::InsteadOf(_) => &None,
                };
                let document = document.as_ref().ok_or(FetchError::Status(500))?;
                Ok(document.clone().into_bytes())
            },
            memo: self,
            tell: &|_| {},
        };
        let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a value");
        let fields = [(AUTHORIZATION, value)].into_iter().collect();
        authenticate(&fields, &policy.expect("a policy"), &imports, now)
    }
}

impl Memo for Surroundings {
    fn recall(&self, key: &[u8]) -> Option<Vec<u8>> {
        let remembered = self.remembered.borrow();
        remembered.get(key).map(|(value, _)| value.clone())
    }

    fn remember(&self, key: &[u8], value: &[u8], seconds: u32) {
        let entry = (value.to_owned(), seconds);
        self.remembered.borrow_mut().insert(key.to_owned(), entry);
    }
}

#[test]
fn keys_are_fetched_again_only_if_another_key_may_have_signed() {
    use Freshness::{Cached, Revalidated};
    let (old, new, forged) = (key(Some("1")), key(Some("2")), key(Some("1")));
    let (nameless, other) = (key(None), key(None));
    let refused = Err(Problem::InvalidToken);
    let twice = [Cached, Revalidated];
    for (label, then, now, signer, result, asked) in [
        ("known", &old, &old, &old, Ok(()), &twice[..1]),
        ("rotated", &old, &new, &new, Ok(()), &twice),
        ("rotated away", &old, &new, &old, Ok(()), &twice[..1]),
        ("invented id", &old, &old, &new, refused.clone(), &twice),
        ("forged", &old, &new, &forged, refused.clone(), &twice[..1]),
        (
            "rotated without ids",
            &nameless,
            &other,
            &other,
            Ok(()),
            &twice,
        ),
        (
            "forged without ids",
            &nameless,
            &nameless,
            &other,
            refused,
            &twice,
        ),
    ] {
        let around = Surroundings::new(Some(set(&[then])), Some(set(&[now])));
        assert_eq!(around.ask(&token(signer, 100)), result, "{label}");
        assert_eq!(*around.asked.borrow(), asked, "{label}");
    }
    // A token that would be refused anyway is not worth a fetch.
    let around = Surroundings::new(Some(set(&[&old])), Some(set(&[&new])));
    let foreign = token_of("https://other", &new, 100);
    assert_eq!(around.ask(&foreign), Err(Problem::InvalidToken));
    assert_eq!(*around.asked.borrow(), twice[..1]);
}

#[test]
fn a_key_id_that_cannot_be_looked_up_yet_is_not_called_invalid() {
    let (old, new) = (key(Some("1")), key(Some("2")));
    let (forged, nameless) = (key(Some("1")), key(None));
    let refused = Err(Problem::InvalidToken);
    for (label, known, signer, result) in [
        ("known", &old, &old, Ok(())),
        ("new", &old, &new, Err(Problem::IamUnavailable)),
        (
            "new, next to a key without an id",
            &nameless,
            &new,
            Err(Problem::IamUnavailable),
        ),
        ("forged", &old, &forged, refused.clone()),
        ("nameless", &old, &nameless, refused.clone()),
        (
            "without an id, as is the key",
            &nameless,
            &key(None),
            refused.clone(),
        ),
    ] {
        let mut around = Surroundings::new(Some(set(&[known])), None);
        around.is_asked_too_soon = true;
        assert_eq!(around.ask(&token(signer, 100)), result, "{label}");
    }
}

#[test]
fn without_keys_a_token_is_not_called_invalid() {
    let (old, new) = (key(Some("1")), key(Some("2")));
    let around = Surroundings::new(None, None);
    assert_eq!(around.ask(&token(&old, 100)), Err(Problem::IamUnavailable));
    let around = Surroundings::new(Some(set(&[&old])), None);
    assert_eq!(around.ask(&token(&old, 100)), Ok(()));
    assert_eq!(around.ask(&token(&new, 100)), Err(Problem::IamUnavailable));
}

#[test]
fn a_token_is_remembered_for_as_long_as_it_is_valid_and_an_invalid_one_never() {
    let (good, forged) = (key(Some("1")), key(Some("1")));
    for (signer, seconds, kept) in [
        (&good, 100, Some(100)),
        (&good, 1, Some(1)),
        // It is not remembered during the leeway.
        (&good, 0, None),
        (&forged, 100, None),
    ] {
        let around = Surroundings::new(Some(set(&[&good])), None);
        let _ = around.ask(&token(signer, seconds));
        let remembered = around.remembered.borrow();
        let found = remembered.values().next().map(|(_, seconds)| *seconds);
        assert_eq!(found, kept, "{seconds}");
        assert_eq!(remembered.len(), usize::from(kept.is_some()));
    }
}

#[test]
fn a_remembered_token_needs_no_key_but_is_still_checked_against_the_clock() {
    let good = key(Some("1"));
    let around = Surroundings::new(Some(set(&[&good])), None);
    let tokens = [token(&good, 100), token(&good, 200)];
    assert_eq!(around.ask(&tokens[0]), Ok(()));
    assert_eq!(around.ask(&tokens[0]), Ok(()));
    assert_eq!(around.asked.borrow().len(), 1);
    assert_eq!(around.ask(&tokens[1]), Ok(()));
    assert_eq!(around.asked.borrow().len(), 2);
    // Any change makes it a different token.
    let mut changed = tokens[0].clone();
    changed.pop();
    assert_eq!(around.ask(&changed), Err(Problem::InvalidToken));
    // A value that was kept for another purpose, or is damaged, is not a verified token.
    let around = Surroundings::new(None, None);
    around.remember(format!("token {}", tokens[0]).as_bytes(), b"good", 60);
    around.remember(b"good", b"good", 60);
    assert_eq!(around.ask(&tokens[0]), Err(Problem::IamUnavailable));
    assert_eq!(around.ask("good"), Err(Problem::InvalidToken));
}

#[test]
fn a_remembered_token_names_the_same_bearer_for_as_long_as_it_is_valid() {
    let good = key(Some("1"));
    let around = Surroundings::new(Some(set(&[&good])), None);
    let token = token(&good, 100);
    let first = around.ask_at(NOW, &token);
    assert!(matches!(first, Ok(Caller::Bearer(_))), "{first:?}");
    // Including the leeway of a minute.
    for (later, expected) in [
        (0, &first),
        (159, &first),
        (160, &Err(Problem::InvalidToken)),
    ] {
        assert_eq!(&around.ask_at(NOW + later, &token), expected, "{later}");
    }
    assert_eq!(around.asked.borrow().len(), 1);
}
