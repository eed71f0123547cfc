mod model;
mod paths;
mod refusals;

use super::uploader::Uploader;
use super::*;
use crate::token::{Bearer, Owner};

const ANNA: &str = "anna";

fn policy(area: &str, rule: &str) -> Policy {
    // Several words are separated by spaces here.
    let words: Vec<_> = rule.split(' ').map(|word| format!("{word:?}")).collect();
    let rules: String = Operation::ALL
        .iter()
        .map(|operation| format!("{} = [{}]\n", operation.name(), words.join(",")))
        .collect();
    let iam = "[iam]\nissuer = 'https://i'\norg-claim = '/org'\nroles-claim = '/roles'\n";
    Policy::parse(&format!("{iam}[{area}]\n{rules}")).expect("a policy")
}

fn decide(
    policy: &Policy,
    caller: &Caller,
    area: Area,
    operation: Operation,
) -> Result<(Scope, Reach), Problem> {
    let granted = Judge::new(policy, caller, area).decide(operation, "a")?;
    Ok((granted.scope, granted.reach))
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn callers() -> [(&'static str, Caller); 5] {
    let bearer = |user, org, roles| Caller::Bearer(Bearer::for_test(user, org, roles));
    [
        ("an anonymous caller", Caller::Anonymous),
        ("a user", bearer(Some(ANNA), None, &[])),
        ("a member", bearer(Some(ANNA), Some("acme"), &[])),
        (
            "a member with the role",
            bearer(Some(ANNA), Some("acme"), &["boss"]),
        ),
        (
            "a machine of the organization",
            bearer(None, Some("acme"), &["boss"]),
        ),
    ]
}

/// `A` all files, `U` those the caller stored, `4` forbidden, `1` unauthenticated.
fn letter(result: &Result<(Scope, Reach), Problem>) -> char {
    match result {
        Ok((_, Reach::All)) => 'A',
        Ok((_, Reach::UploadedBy(uploader))) => {
            let anna = Owner::user("test", ANNA).map(Uploader::User);
            assert_eq!(Some(uploader), anna.as_ref());
            'U'
        }
        Err(Problem::Forbidden(_)) => '4',
        Err(Problem::Unauthenticated(_)) => '1',
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_rule_has_its_effect_for_every_caller_in_every_area() {
    // A column for each of `callers()`: about a file (read, replace, delete),
    // then about the area (list, create).
    for (area, rule, file, whole) in [
        (Area::Public, "anyone", "AAAAA", "AAAAA"),
        (Area::Public, "signed-in", "1AAAA", "1AAAA"),
        (Area::Public, "uploader", "1UUU4", "44444"),
        (Area::Public, "role:boss", "144AA", "144AA"),
        (Area::Public, "nobody", "44444", "44444"),
        (Area::Public, "uploader role:boss", "1UUAA", "144AA"),
        (Area::Public, "uploader anyone", "AAAAA", "AAAAA"),
        (Area::Public, "nobody signed-in", "1AAAA", "1AAAA"),
        (Area::User, "anyone", "1AAA4", "1AAA4"),
        (Area::User, "signed-in", "1AAA4", "1AAA4"),
        (Area::User, "uploader", "1UUU4", "44444"),
        (Area::User, "role:boss", "144A4", "144A4"),
        (Area::User, "nobody", "44444", "44444"),
        (Area::Org, "anyone", "14AAA", "14AAA"),
        (Area::Org, "signed-in", "14AAA", "14AAA"),
        (Area::Org, "uploader", "14UU4", "44444"),
        (Area::Org, "role:boss", "144AA", "144AA"),
        (Area::Org, "nobody", "44444", "44444"),
        (Area::Org, "uploader role:boss", "14UAA", "144AA"),
    ] {
        let policy = policy(&area.to_string(), rule);
        for operation in Operation::ALL {
            let got: String = callers()
                .iter()
                .map(|(_, caller)| letter(&decide(&policy, caller, area, operation)))
                .collect();
            let expected = if operation.is_about_a_file() {
                file
            } else {
                whole
            };
            assert_eq!(got, expected, "{area} {rule} {}", operation.name());
        }
    }
}

#[test]
fn without_an_iam_api_only_the_public_area_works_and_only_for_anyone() {
    let policy =
        Policy::parse("[public]\nread = 'anyone'\nlist = 'signed-in'\ndelete = 'uploader'");
    let policy = policy.expect("a policy");
    let ask = |area, operation| decide(&policy, &Caller::Anonymous, area, operation);
    for (operation, expected) in [
        (Operation::Read, 'A'),
        (Operation::Create, 'A'),
        (Operation::List, '4'),
        (Operation::Delete, '4'),
    ] {
        assert_eq!(letter(&ask(Area::Public, operation)), expected);
    }
    for operation in Operation::ALL {
        for area in [Area::User, Area::Org] {
            let refused = ask(area, operation).map(drop);
            assert_eq!(refused, Err(Problem::IamNotConfigured));
        }
    }
}

#[test]
fn what_no_token_of_this_issuer_can_satisfy_is_forbidden_and_not_unauthenticated() {
    let policy = Policy::parse("[iam]\nissuer = 'https://i'\n[public]\nread = 'role:boss'");
    let policy = policy.expect("a policy");
    let ask = |area| letter(&decide(&policy, &Caller::Anonymous, area, Operation::Read));
    assert_eq!(ask(Area::Public), '4', "no roles-claim");
    assert_eq!(ask(Area::Org), '4', "no org-claim");
    assert_eq!(ask(Area::User), '1');
}

#[test]
fn keys_lie_under_the_area_and_the_owner_of_the_token() {
    let policy = policy("public", "anyone");
    let caller = Caller::Bearer(Bearer::for_test(Some(ANNA), Some("acme"), &[]));
    let user = Owner::user("test", ANNA).expect("an owner");
    let org = Owner::org("test", "acme").expect("an owner");
    for (area, root) in [
        (Area::Public, "public/".to_owned()),
        (Area::User, format!("user/{user}/")),
        (Area::Org, format!("org/{org}/")),
    ] {
        let name = name("a/b.txt");
        let key = format!("{root}a/b.txt");
        let list = list(&policy, &caller, area, "").expect("a permit");
        let store = store(&policy, &caller, area, name.clone()).expect("a permit");
        let delete = delete(&policy, &caller, area, name.clone()).expect("a permit");
        assert_eq!(delete.key().as_str(), key);
        assert_eq!(store.key().as_str(), key);
        assert_eq!(
            read(&policy, &caller, area, name)
                .expect("a permit")
                .key()
                .as_str(),
            key
        );
        assert_eq!(list.prefix("a/"), format!("{root}a/"));
        assert_eq!(list.strip(&key), Some("a/b.txt"));
        assert_eq!(list.strip("public"), None);
        assert_eq!(store.uploader(), Some(user.as_str()));
    }
}

#[test]
fn only_its_uploader_reads_a_file_if_the_rule_says_so() {
    let policy = policy("public", "uploader");
    let caller = Caller::Bearer(Bearer::for_test(Some(ANNA), None, &[]));
    let read = read(&policy, &caller, Area::Public, name("a")).expect("a permit");
    let anna = Owner::user("test", ANNA).expect("an owner");
    let own = Guard::Uploader(anna.as_str().to_owned());
    assert_eq!(format!("{:?}", read.may_read()), format!("{own:?}"));
    assert!(matches!(
        read.problem(Error::Protected),
        Problem::Forbidden(_)
    ));
}

#[test]
fn storing_requires_create_or_replace_and_each_keeps_its_refusal() {
    let anna = Caller::Bearer(Bearer::for_test(Some(ANNA), None, &[]));
    let uploads = Owner::user("test", ANNA).map(|user| Guard::Uploader(user.as_str().to_owned()));
    let uploads = uploads.expect("an owner");
    const F: char = '4';
    const U: char = '1';
    let letter = |problem| letter(&Err(problem));
    for (create, replace, caller, expected) in [
        (
            "anyone",
            "uploader",
            &Caller::Anonymous,
            Ok((true, Guard::None, F, U)),
        ),
        (
            "anyone",
            "nobody",
            &Caller::Anonymous,
            Ok((true, Guard::None, F, F)),
        ),
        (
            "anyone",
            "anyone",
            &Caller::Anonymous,
            Ok((true, Guard::Any, F, F)),
        ),
        (
            "signed-in",
            "anyone",
            &Caller::Anonymous,
            Ok((false, Guard::Any, U, F)),
        ),
        ("signed-in", "nobody", &Caller::Anonymous, Err(U)),
        ("nobody", "signed-in", &Caller::Anonymous, Err(U)),
        ("nobody", "nobody", &Caller::Anonymous, Err(F)),
        (
            "anyone",
            "uploader",
            &anna,
            Ok((true, uploads.clone(), F, F)),
        ),
        (
            "nobody",
            "uploader",
            &anna,
            Ok((false, uploads.clone(), F, F)),
        ),
        ("nobody", "role:x", &anna, Err(F)),
    ] {
        let text = format!(
            "[iam]\nissuer = 'https://i'\nroles-claim = '/r'\n[public]\ncreate = '{create}'\nreplace = '{replace}'"
        );
        let policy = Policy::parse(&text).expect("a policy");
        let got = store(&policy, caller, Area::Public, name("a")).map(|store| {
            (
                store.may_create(),
                store.may_replace(),
                letter(store.refusals().problem(Error::NotFound)),
                letter(store.refusals().problem(Error::Protected)),
            )
        });
        let got = got.map_err(letter);
        assert_eq!(
            format!("{got:?}"),
            format!("{expected:?}"),
            "{create} {replace}"
        );
    }
}

#[test]
fn a_permit_for_creating_only_replaces_nothing_and_reports_what_exists() {
    let policy = policy("public", "anyone");
    let both = store(&policy, &Caller::Anonymous, Area::Public, name("a")).expect("a permit");
    let one = both.creating_only().expect("a permit");
    assert!(matches!(one.may_replace(), Guard::None));
    assert_eq!(
        one.refusals().problem(Error::Protected),
        Problem::AlreadyExists
    );
    let text = "[iam]\nissuer = 'https://i'\n[public]\ncreate = 'signed-in'\nreplace = 'anyone'";
    let policy = Policy::parse(text).expect("a policy");
    let replacing = store(&policy, &Caller::Anonymous, Area::Public, name("a")).expect("a permit");
    let refused = replacing.creating_only().err();
    assert!(matches!(refused, Some(Problem::Unauthenticated(_))));
}

#[test]
fn a_description_is_changed_by_those_who_may_replace_and_read() {
    let change = |read: &str, replace: &str| {
        let iam = "[iam]\nissuer = 'https://i'\nroles-claim = '/roles'\n";
        let rules = format!("{iam}[public]\nread = {read:?}\nreplace = {replace:?}\n");
        let policy = Policy::parse(&rules).expect("a policy");
        let caller = Caller::Bearer(Bearer::for_test(Some(ANNA), None, &[]));
        let permit = amend(&policy, &caller, Area::Public, name("a"))?;
        let reason = permit.problem(Error::Protected).reason(&policy);
        Ok::<_, Problem>((permit.may_amend(), reason.unwrap_or_default()))
    };
    for (read, replace, own, rule) in [
        ("anyone", "signed-in", false, ""),
        ("anyone", "uploader", true, "public.replace"),
        ("uploader", "signed-in", true, "public.read"),
        ("uploader", "uploader", true, "public.replace"),
    ] {
        let (guard, reason) = change(read, replace).expect("a permit");
        assert_eq!(matches!(guard, Guard::Uploader(_)), own, "{read} {replace}");
        assert!(
            !own || reason.starts_with(rule),
            "{read} {replace}: {reason}"
        );
    }
    for (read, replace) in [("nobody", "signed-in"), ("anyone", "nobody")] {
        let refused = change(read, replace);
        assert!(
            matches!(refused, Err(Problem::Forbidden(_))),
            "{read} {replace}"
        );
    }
}
