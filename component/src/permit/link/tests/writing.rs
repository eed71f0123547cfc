//! Links to upload and to manage files.

use std::num::NonZeroU64;

use super::super::writing::{Claims, Replaceable, TYPE, TermsClaims};
use super::*;
use crate::bindings::coffer::storage::blobs::Error;
use crate::fields::ContentType;
use crate::permit::Store;
use crate::permit::grant::{Grant, LinkLimits, ManageGrant};
use crate::permit::uploader::Pseudonym;
use crate::policy::MediaRange;

fn policy(rules: &str) -> Policy {
    let text = format!("[iam]\nissuer = 'https://i'\norg-claim = '/o'\n{rules}");
    Policy::parse(&text).expect("a policy")
}

fn anna() -> Caller {
    Caller::Bearer(Bearer::for_test(Some("anna"), Some("acme"), &[]))
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn store<'p>(policy: &'p Policy, caller: &Caller, area: Area) -> Store<'p> {
    permit::store(policy, caller, area, name("a")).expect("a permit")
}

fn pseudonym() -> Pseudonym {
    Pseudonym::parse("anonymous:AAAAAAAAAAAAAAAAAAAAAA").expect("a pseudonym")
}

/// The longest limits that a request can ask for.
fn limits() -> LinkLimits {
    let types = (0..32).map(|number| MediaRange::try_from(format!("a/{number:0>118}")));
    LinkLimits {
        max_size: NonZeroU64::new(u64::MAX),
        content_types: Some(types.collect::<Result<_, _>>().expect("types")),
    }
}

/// Grants of every kind, where they lead to, and to which file.
fn grants(text: &str) -> Vec<(Grant, LinkPath<'_>)> {
    let policy = policy("[org]\nreplace = 'uploader'");
    let basename = text.rsplit('/').next().expect("a basename");
    let file = LinkPath::File(basename);
    let anna = anna();
    let upload = |area, replaces, limits| {
        let store = permit::store(&policy, &anna, area, name(text)).expect("a permit");
        let grant = store.upload_grant(&policy, replaces, limits, TEN_SECONDS);
        (grant.expect("a grant"), file)
    };
    let storing = permit::storing(&policy, &anna, Area::User).expect("a permit");
    let folder = storing.drop_grant(name(text), limits(), TEN_SECONDS);
    let manage = ManageGrant::new(name(text), pseudonym(), NOW);
    vec![
        upload(Area::Public, false, LinkLimits::default()),
        upload(Area::User, true, LinkLimits::default()),
        upload(Area::Org, true, limits()),
        (folder.expect("a grant"), LinkPath::Folder),
        (Grant::Manage(manage), file),
    ]
}

#[test]
fn a_link_grants_what_it_was_made_for_until_it_expires() {
    for text in ["a/b.txt", "日本語/\"x\".pdf", &"\"".repeat(900)] {
        for (grant, path) in grants(text) {
            let token = to_write(&grant, &key(SECRET)).expect("a token");
            let write = |verifier: Verifier, path| write(&verifier, &token, path);
            let got = write(verifier(SECRET, NOW + 9, Some(NOW)), path);
            assert_eq!(got.as_ref(), Ok(&grant));
            let late = write(verifier(SECRET, NOW + 10, None), path);
            match &grant {
                Grant::Manage(_) => assert_eq!(late.as_ref(), Ok(&grant)),
                _ => assert_eq!(late, Err(Problem::LinkExpired)),
            }
            let invalid = Err(Problem::LinkInvalid);
            let early = write(verifier(SECRET, NOW, Some(NOW + 1)), path);
            assert_eq!(early, invalid, "{grant:?}");
            assert_eq!(write(verifier(&[7; 32], NOW, None), path), invalid);
            for elsewhere in [LinkPath::File("c"), LinkPath::File(""), LinkPath::Folder] {
                if !matches!((elsewhere, path), (LinkPath::Folder, LinkPath::Folder)) {
                    let got = write(verifier(SECRET, NOW + 10, None), elsewhere);
                    assert_eq!(got, invalid, "{grant:?} at {elsewhere:?}");
                }
            }
        }
    }
}

#[test]
fn a_link_to_read_and_one_to_write_are_never_each_other() {
    for (grant, _) in grants("a") {
        let token = to_write(&grant, &key(SECRET)).expect("a token");
        let got = read(&verifier(SECRET, NOW, None), &token, "a");
        assert_eq!(got, Err(Problem::LinkInvalid), "{grant:?}");
    }
    let token = leave(Area::User, "a").link(&key(SECRET), TEN_SECONDS);
    let token = token.expect("a token");
    for path in [LinkPath::File("a"), LinkPath::Folder] {
        let got = write(&verifier(SECRET, NOW, None), &token, path);
        assert_eq!(got, Err(Problem::LinkInvalid), "{path:?}");
    }
}

#[test]
fn claims_that_contradict_themselves_grant_nothing() {
    let owner = "0".repeat(64);
    let terms = |area: &str, owner: Option<&str>| TermsClaims {
        area: area.to_owned(),
        owner: owner.map(str::to_owned),
        uploader: None,
        anonymous: false,
        max_size: None,
        content_types: None,
        until: NOW + 10,
        made: NOW,
    };
    let upload = |terms, name: &str| Claims::Upload {
        terms,
        name: name.to_owned(),
        replace: None,
    };
    let write = |kind: &str, issuer: &str, claims: Claims| {
        let token = forged(kind, issuer, claims);
        write(&verifier(SECRET, NOW, None), &token, LinkPath::File("a"))
    };
    let user = || terms("user", Some(&owner));
    assert!(write(TYPE, PURPOSE, upload(user(), "a")).is_ok());
    let with = |change: fn(&mut TermsClaims)| {
        let mut terms = user();
        change(&mut terms);
        upload(terms, "a")
    };
    for (what, kind, issuer, claims) in [
        ("type", "JWT", PURPOSE, upload(user(), "a")),
        ("issuer", TYPE, "i", upload(user(), "a")),
        ("area", TYPE, PURPOSE, upload(terms("all", None), "a")),
        ("no owner", TYPE, PURPOSE, upload(terms("org", None), "a")),
        (
            "an owner of everyone's",
            TYPE,
            PURPOSE,
            upload(terms("public", Some(&owner)), "a"),
        ),
        ("owner", TYPE, PURPOSE, upload(terms("org", Some("x")), "a")),
        ("name", TYPE, PURPOSE, upload(user(), "../a")),
        (
            "uploader",
            TYPE,
            PURPOSE,
            with(|terms| terms.uploader = Some("x".to_owned())),
        ),
        (
            "no types",
            TYPE,
            PURPOSE,
            with(|terms| terms.content_types = Some(vec![])),
        ),
        (
            "types",
            TYPE,
            PURPOSE,
            with(|terms| terms.content_types = Some(vec!["x".to_owned()])),
        ),
        (
            "whose file to replace",
            TYPE,
            PURPOSE,
            Claims::Upload {
                terms: user(),
                name: "a".to_owned(),
                replace: Some(Replaceable::Of("x".to_owned())),
            },
        ),
        (
            "whose file to manage",
            TYPE,
            PURPOSE,
            Claims::Manage {
                name: "a".to_owned(),
                uploader: owner.clone(),
                made: NOW,
            },
        ),
    ] {
        let got = write(kind, issuer, claims);
        assert_eq!(got, Err(Problem::LinkInvalid), "{what}");
    }
}

#[test]
fn a_link_grants_no_more_than_its_maker_may_do() {
    let make = |rules: &str, caller: &Caller, replaces| {
        let policy = policy(rules);
        let store = permit::store(&policy, caller, Area::Public, name("a"))?;
        store.upload_grant(&policy, replaces, LinkLimits::default(), TEN_SECONDS)
    };
    let guard = |grant: Grant| match grant {
        Grant::Upload(grant) => {
            let policy = policy("");
            let store = grant.into_store(&policy);
            let options = store.options(&ContentType::stored("a/b"), None);
            options.map(|options| (options.may_create, options.may_replace, options.uploader))
        }
        _ => Err(Problem::Internal),
    };
    let user = Bearer::for_test(Some("anna"), None, &[]);
    let user = user.user().expect("a user").as_str().to_owned();
    for (rules, caller, replaces, expected) in [
        ("", anna(), false, (true, Guard::None, Some(user.clone()))),
        (
            "",
            anna(),
            true,
            (true, Guard::Uploader(user.clone()), Some(user.clone())),
        ),
        (
            "[public]\nreplace = 'signed-in'",
            anna(),
            true,
            (true, Guard::Any, Some(user)),
        ),
        ("", Caller::Anonymous, false, (true, Guard::None, None)),
    ] {
        let got = make(rules, &caller, replaces).and_then(guard);
        let expected: Result<_, Problem> = Ok(expected);
        assert_eq!(format!("{got:?}"), format!("{expected:?}"), "{rules}");
    }
    for (rules, caller, replaces) in [
        ("", Caller::Anonymous, true),
        ("[public]\nreplace = 'nobody'", anna(), true),
        ("[public]\ncreate = 'nobody'", anna(), false),
        ("[public]\ncreate = 'nobody'", anna(), true),
        ("[public]\ncreate = 'signed-in'", Caller::Anonymous, false),
    ] {
        let refused = make(rules, &caller, replaces);
        assert!(
            matches!(
                refused,
                Err(Problem::Forbidden(_) | Problem::Unauthenticated(_))
            ),
            "{rules}: {refused:?}"
        );
    }
}

#[test]
fn the_stricter_limit_of_link_and_policy_is_in_force() {
    let policy =
        policy("[public]\nmax-file-size = '100 B'\ncontent-types = ['image/*', 'text/plain']");
    for (max_size, types, effective, accepted, refused) in [
        (
            None,
            None,
            100,
            vec!["image/png", "text/plain"],
            "text/html",
        ),
        (
            Some(10),
            Some(vec!["text/*"]),
            10,
            vec!["text/plain"],
            "image/png",
        ),
        (
            Some(1000),
            Some(vec!["text/*"]),
            100,
            vec!["text/plain"],
            "text/html",
        ),
        (None, Some(vec!["*/*"]), 100, vec!["image/png"], "text/html"),
        (
            None,
            Some(vec!["text/html", "text/plain"]),
            100,
            vec!["text/plain"],
            "text/html",
        ),
    ] {
        let types = types.map(|types| {
            let types = types.into_iter().map(|text| text.to_owned().try_into());
            types
                .collect::<Result<Vec<MediaRange>, _>>()
                .expect("types")
        });
        let limits = LinkLimits {
            max_size: max_size.and_then(NonZeroU64::new),
            content_types: types,
        };
        let made = store(&policy, &anna(), Area::Public);
        let made = made.upload_grant(&policy, false, limits, TEN_SECONDS);
        let Ok(Grant::Upload(grant)) = made else {
            panic!("{made:?}");
        };
        let store = grant.into_store(&policy);
        for text in accepted {
            let options = |length| store.options(&ContentType::stored(text), length);
            let options_of = options(Some(effective)).expect("options");
            assert_eq!(options_of.max_size, effective);
            assert!(matches!(
                options(Some(effective + 1)),
                Err(Problem::TooLarge(_))
            ));
        }
        assert!(matches!(
            store.options(&ContentType::stored(refused), None),
            Err(Problem::UnsupportedMediaType(_))
        ));
    }
}

#[test]
fn no_link_is_made_with_which_nothing_could_be_stored() {
    let policy = policy("[public]\ncontent-types = ['image/*']");
    let limits = LinkLimits {
        max_size: None,
        content_types: Some(vec![
            MediaRange::try_from("text/*".to_owned()).expect("a type"),
        ]),
    };
    let file = store(&policy, &anna(), Area::Public);
    let refused = file.upload_grant(&policy, false, limits.clone(), TEN_SECONDS);
    assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
    let storing = permit::storing(&policy, &Caller::Anonymous, Area::Public).expect("a permit");
    let refused = storing.drop_grant(name("in"), limits, TEN_SECONDS);
    assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
}

#[test]
fn a_link_does_not_grow_with_the_limits_of_the_policy() {
    let by_token = "[[public.paths]]\nmatch = 'own/{user}'\ncreate = 'signed-in'\n";
    let limits = "[public]\nmax-file-size = '100 B'\ncontent-types = ['image/*']\n";
    let (then, now) = (policy(&format!("{limits}{by_token}")), policy(""));
    let made = store(&then, &anna(), Area::Public);
    let made = made.upload_grant(&then, false, LinkLimits::default(), TEN_SECONDS);
    let Ok(Grant::Upload(grant)) = made else {
        panic!("{made:?}");
    };
    let store = grant.into_store(&now);
    assert_eq!(store.max_size(), 100);
    let html = store.options(&ContentType::stored("text/html"), None);
    assert!(matches!(html, Err(Problem::UnsupportedMediaType(_))));
}

#[test]
fn a_manage_link_reaches_only_the_file_of_its_own_uploader() {
    let policy = policy("[public]\nreplace = 'nobody'\ndelete = 'nobody'");
    let grant = ManageGrant::new(name("a"), pseudonym(), NOW);
    let own = Guard::Uploader(pseudonym().as_str().to_owned());
    let (store, delete) = (grant.store(&policy), grant.delete());
    let options = store.options(&ContentType::stored("a/b"), None);
    let options = options.expect("options");
    assert!(!options.may_create);
    assert_eq!(format!("{:?}", options.may_replace), format!("{own:?}"));
    assert_eq!(options.uploader.as_deref(), Some(pseudonym().as_str()));
    assert_eq!(format!("{:?}", delete.may_remove()), format!("{own:?}"));
    assert_eq!(store.key(), delete.key());
    for (error, problem) in [
        (Error::NotFound, Problem::NotFound),
        (Error::Protected, Problem::LinkInvalid),
    ] {
        assert_eq!(store.refusals().problem(error.clone()), problem);
        assert_eq!(delete.problem(error), problem);
    }
}
