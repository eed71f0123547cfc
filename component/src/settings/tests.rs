use super::*;
use crate::area::Area;
use crate::permit::{self, link};
use crate::token::{Bearer, Caller};
use crate::url::Name;

const SECRET: &str = "kN0vYxQ2m5t8w9zBdGfJhLkPrTuWyZ3C6E7H1aS4oIs";

fn link_key(value: &str) -> Option<LinkKey> {
    let setting = ("COFFER_LINK_SECRET".to_owned(), value.to_owned());
    Settings(OnceCell::from(vec![setting])).link_key()
}

/// A shell's `$(cat link-secret)` removes the trailing line break; other ways of turning a
/// file into a setting keep it.
#[test]
fn a_link_is_valid_wherever_the_secret_is_the_same_line() {
    let policy = Policy::parse("[iam]\nissuer = 'https://i'").expect("a policy");
    let caller = Caller::Bearer(Bearer::for_test(Some("anna"), None, &[]));
    let name = Name::new("a").expect("a name");
    let read = permit::read(&policy, &caller, Area::User, name).expect("a permit");
    let made_by = |value: &str| {
        let key = link_key(value).expect("a key");
        let validity = link::Validity {
            made_at: 0,
            expires_at: 10,
        };
        read.link(&key, validity).expect("a token")
    };
    let taken_by = |token: &str, value: &str| {
        let verifier = link::Verifier {
            key: link_key(value).expect("a key"),
            now: 9,
            not_before: None,
        };
        link::read(&verifier, token, "a").is_ok()
    };
    let forms = ["", "\n", "\r\n", " \n"].map(|end| format!("{SECRET}{end}"));
    for one in &forms {
        for other in &forms {
            assert!(taken_by(&made_by(one), other), "{one:?}, {other:?}");
        }
        assert!(!taken_by(&made_by(one), &SECRET.to_lowercase()));
    }
}

#[test]
fn white_space_does_not_make_a_secret_long_enough() {
    assert!(link_key(&SECRET[..32]).is_some());
    assert!(link_key(&format!("{}\n\n", &SECRET[..31])).is_none());
}
