mod writing;

use super::reading::{Claims, TYPE};
use super::*;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Guard;
use crate::permit;
use crate::policy::Policy;
use crate::token::{Bearer, Caller};
use crate::url::Name;

const SECRET: &[u8] = b"a link secret of at least 32 bytes";
const NOW: u64 = 1_800_000_000;

/// Made now.
const TEN_SECONDS: Validity = Validity {
    made_at: NOW,
    expires_at: NOW + 10,
};

fn key(secret: &[u8]) -> LinkKey {
    LinkKey::derive(secret).expect("a key")
}

/// Holds links against this secret and time.
fn verifier(secret: &[u8], now: u64, not_before: Option<u64>) -> Verifier {
    Verifier {
        key: key(secret),
        now,
        not_before,
    }
}

fn leave(area: Area, name: &str) -> permit::Read {
    let policy = Policy::parse("[iam]\nissuer = 'https://i'\norg-claim = '/o'").expect("a policy");
    let caller = Caller::Bearer(Bearer::for_test(Some("anna"), Some("acme"), &[]));
    permit::read(&policy, &caller, area, Name::new(name).expect("a name")).expect("leave")
}

#[test]
fn a_link_opens_the_file_it_was_made_for_until_it_expires() {
    for (area, name, basename) in [
        (Area::User, "a/b.txt", "b.txt"),
        (Area::Org, "日本語/\"x\".pdf", "\"x\".pdf"),
        (Area::User, &"\"".repeat(900), &"\"".repeat(900)),
    ] {
        let read = leave(area, name);
        let token = read.link(&key(SECRET), TEN_SECONDS).expect("a token");
        let open = super::read(&verifier(SECRET, NOW + 9, None), &token, basename);
        assert_eq!(open.as_ref(), Ok(&read));
        let late = super::read(&verifier(SECRET, NOW + 10, None), &token, basename);
        assert_eq!(late, Err(Problem::LinkExpired));
        let elsewhere = super::read(&verifier(SECRET, NOW + 10, None), &token, "c.txt");
        assert_eq!(elsewhere, Err(Problem::LinkInvalid));
        let unknown = super::read(&verifier(&[7; 32], NOW, None), &token, basename);
        assert_eq!(unknown, Err(Problem::LinkInvalid));
    }
}

#[test]
fn a_link_with_any_character_changed_is_invalid() {
    let token = leave(Area::User, "a")
        .link(&key(SECRET), TEN_SECONDS)
        .expect("a token");
    let verify = |token: &str| read(&verifier(SECRET, NOW, None), token, "a");
    for at in 0..token.len() {
        for other in ['A', 'B', 'Q', 'g', 'w', '.', '=', '%', 'é'] {
            let mut changed: Vec<char> = token.chars().collect();
            if changed[at] != other {
                changed[at] = other;
                let changed: String = changed.into_iter().collect();
                let got = verify(&changed);
                assert_eq!(got, Err(Problem::LinkInvalid), "{changed}");
            }
        }
        assert_eq!(verify(&token[..at]), Err(Problem::LinkInvalid));
    }
    for text in [
        format!("{token}="),
        format!("{token}.a"),
        format!(" {token}"),
        "a".repeat(1 << 20),
    ] {
        assert_eq!(verify(&text), Err(Problem::LinkInvalid));
    }
}

/// A token with other contents, signed with the right key.
fn forged<C: Serialize + DeserializeOwned>(kind: &str, issuer: &str, custom: C) -> String {
    let mut claims = jwt_simple::claims::Claims::with_custom_claims(custom, Duration::from_secs(9));
    (claims.issued_at, claims.expires_at, claims.invalid_before) = (None, None, None);
    claims.issuer = Some(issuer.to_owned());
    let header = HeaderOptions {
        signature_type: Some(kind.to_owned()),
        ..HeaderOptions::default()
    };
    key(SECRET)
        .verifying
        .authenticate_with_options(claims, &header)
        .expect("a token")
}

#[test]
fn only_what_is_signed_as_a_link_is_one() {
    let owner = "0".repeat(64);
    let claims = |area: &str, owner: &str, name: &str| Claims {
        area: area.to_owned(),
        owner: owner.to_owned(),
        name: name.to_owned(),
        uploader: None,
        until: NOW + 10,
        made: None,
    };
    let verify = |token: String| read(&verifier(SECRET, NOW, None), &token, "a");
    assert!(verify(forged(TYPE, PURPOSE, claims("user", &owner, "a"))).is_ok());
    for (label, token) in [
        ("type", forged("JWT", PURPOSE, claims("user", &owner, "a"))),
        ("issuer", forged(TYPE, "i", claims("user", &owner, "a"))),
        (
            "public area",
            forged(TYPE, PURPOSE, claims("public", &owner, "a")),
        ),
        ("owner", forged(TYPE, PURPOSE, claims("user", "../x", "a"))),
        (
            "name",
            forged(TYPE, PURPOSE, claims("user", &owner, "../a")),
        ),
    ] {
        assert_eq!(verify(token), Err(Problem::LinkInvalid), "{label}");
    }
}

#[test]
fn links_made_before_a_time_are_refused_and_so_are_those_that_do_not_say_when() {
    let made = leave(Area::User, "a").link(&key(SECRET), TEN_SECONDS);
    let undated = Claims {
        area: "user".to_owned(),
        owner: "0".repeat(64),
        name: "a".to_owned(),
        uploader: None,
        until: NOW + 10,
        made: None,
    };
    let undated = forged(TYPE, PURPOSE, undated);
    for (token, not_before, opens) in [
        (made.clone().expect("a token"), NOW - 1, true),
        (made.clone().expect("a token"), NOW, true),
        (made.expect("a token"), NOW + 1, false),
        (undated, 0, false),
    ] {
        let got = read(&verifier(SECRET, NOW, Some(not_before)), &token, "a").map(drop);
        let expected = if opens {
            Ok(())
        } else {
            Err(Problem::LinkInvalid)
        };
        assert_eq!(got, expected, "{not_before}");
    }
}

#[test]
fn the_link_secret_itself_signs_nothing() {
    let token = leave(Area::User, "a")
        .link(&key(SECRET), TEN_SECONDS)
        .expect("a token");
    let raw = HS256Key::from_bytes(SECRET).verify_token::<NoCustomClaims>(&token, None);
    assert!(raw.is_err());
    assert!(LinkKey::derive(&SECRET[..31]).is_none());
}

#[test]
fn a_public_file_has_no_link() {
    let made = leave(Area::Public, "a").link(&key(SECRET), TEN_SECONDS);
    assert_eq!(made, Err(Problem::Internal));
}

#[test]
fn the_link_of_an_uploader_is_for_their_own_files_only() {
    let policy =
        Policy::parse("[iam]\nissuer = 'https://test'\norg-claim = '/o'\n[org]\nread = 'uploader'");
    let policy = policy.expect("a policy");
    let alice = Bearer::for_test(Some("alice"), Some("acme"), &[]);
    let own = alice.user().ok().map(|user| user.as_str().to_owned());
    let name = Name::new("a").expect("a name");
    let read = permit::read(&policy, &Caller::Bearer(alice), Area::Org, name).expect("leave");
    let token = read.link(&key(SECRET), TEN_SECONDS).expect("a token");
    let linked = super::read(&verifier(SECRET, NOW, None), &token, "a").expect("a permit");
    assert_eq!(linked, read);
    let own = own.map(Guard::Uploader).expect("an owner");
    assert_eq!(format!("{:?}", linked.may_read()), format!("{own:?}"));
}
