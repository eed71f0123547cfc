use super::*;
use crate::bindings::coffer::storage::decisions;
use crate::bindings::coffer::storage::decisions::Outcome;
use crate::token::Bearer;

fn judged(rules: &str, caller: &Caller, area: decisions::Area, action: Action) -> Verdict {
    let text = format!("[iam]\nissuer = 'https://i'\nroles-claim = '/roles'\n{rules}");
    let policy = Policy::parse(&text).expect("a policy");
    let question = Question {
        action,
        area,
        name: "a/b".to_owned(),
    };
    judge(&policy, caller, &question)
}

#[test]
fn a_verdict_says_how_far_it_goes_and_why_not() {
    let anna = Caller::Bearer(Bearer::for_test(Some("anna"), None, &["staff"]));
    let none = Caller::Anonymous;
    use decisions::Area::{Org, Public};
    for (caller, area, action, outcome, reason) in [
        (&none, Public, Action::Read, Outcome::Allowed, None),
        (&anna, Public, Action::Replace, Outcome::OwnFiles, None),
        (
            &none,
            Public,
            Action::Delete,
            Outcome::Denied,
            Some("no token was sent"),
        ),
        (
            &anna,
            Public,
            Action::Create,
            Outcome::Denied,
            Some("it has 1 role"),
        ),
        (&anna, Org, Action::List, Outcome::Denied, Some("org")),
    ] {
        let rules = "[public]\ncreate = 'role:head'\n";
        let verdict = judged(rules, caller, area, action);
        assert_eq!(verdict.outcome, outcome, "{verdict:?}");
        let said = verdict.reason.as_deref();
        assert_eq!(said.is_some(), reason.is_some(), "{verdict:?}");
        assert!(said.is_none_or(|said| said.contains(reason.unwrap_or_default())));
        let area = crate::area::Area::from(area);
        let key = format!("{area}.{}", Operation::from(action).name());
        assert!(verdict.rule.contains(&key), "{verdict:?}");
    }
}
