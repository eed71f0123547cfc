//! Permits where paths have rules of their own.

use super::*;
use crate::bindings::coffer::storage::blobs::Error;
use crate::fields::ContentType;
use crate::permit::grant::{Grant, LinkLimits, ManageGrant};
use crate::permit::link::Validity;
use crate::permit::uploader::Pseudonym;
use crate::policy::{Facts, MediaRange};
use crate::url::CopyKind;

const IAM: &str = "[iam]\nissuer = 'https://i'\norg-claim = '/o'\nroles-claim = '/r'\n";
const DEPARTMENTS: &str = "[[org.paths]]\nmatch = 'departments/{claim:/department}/**'\n\
     read = 'signed-in'\nlist = 'signed-in'\ncreate = 'signed-in'\nmax-file-size = '1 MB'\n\
     content-types = ['image/*', 'text/plain']\n\
     [[org.paths]]\nmatch = 'departments/**'\nread = 'role:head'\nlist = 'role:head'\n\
     create = 'nobody'\nreplace = 'nobody'\ndelete = 'nobody'\n";

fn policy(paths: &str) -> Policy {
    let text = format!("{IAM}{paths}");
    Policy::parse(&text).expect(&text)
}

fn facts(policy: &Policy, department: &str) -> Facts {
    policy
        .questions()
        .answers(Some(ANNA), |_| vec![department.to_owned()])
}

/// Anna, who works in this department.
fn member(policy: &Policy, department: &str, roles: &[&str]) -> Caller {
    let bearer = Bearer::for_test(Some(ANNA), Some("acme"), roles);
    Caller::Bearer(bearer.knowing(facts(policy, department)))
}

fn is_forbidden<T>(result: Result<T, Problem>) -> bool {
    matches!(result, Err(Problem::Forbidden(_)))
}

#[test]
fn a_permit_is_for_the_file_that_was_judged() {
    let policy = policy(DEPARTMENTS);
    let caller = member(&policy, "hr", &[]);
    let org = Area::Org;
    for (file, open) in [
        ("departments/hr/a", true),
        ("departments/it/a", false),
        ("departments/hrx/a", false),
        ("departments/hr", false),
        ("other/a", true),
    ] {
        assert_eq!(
            read(&policy, &caller, org, name(file)).is_ok(),
            open,
            "{file}"
        );
        assert_eq!(
            store(&policy, &caller, org, name(file)).is_ok(),
            open,
            "{file}"
        );
        let many = reading(&policy, &caller, org).expect("some may be read");
        assert_eq!(many.of(name(file)).is_ok(), open, "{file}");
        let several = storing(&policy, &caller, org).expect("some may be stored");
        assert_eq!(several.of(name(file)).is_ok(), open, "{file}");
    }
    let (delete, amend) = (
        |file| delete(&policy, &caller, org, name(file)),
        |file| amend(&policy, &caller, org, name(file)),
    );
    assert!(delete("departments/hr/a").is_ok() && is_forbidden(delete("departments/it/a")));
    assert!(amend("departments/hr/a").is_ok() && is_forbidden(amend("departments/it/a")));
}

#[test]
fn nothing_is_done_in_an_area_where_no_path_allows_it() {
    let closed = "[public]\nread = 'nobody'\ncreate = 'nobody'\nreplace = 'nobody'\n\
                  delete = 'nobody'\nlist = 'nobody'\n";
    let open = format!("{closed}[[public.paths]]\nmatch = 'shelf/**'\nread = 'role:x'\n");
    let (closed, open) = (policy(closed), policy(&open));
    let holder = Caller::Bearer(Bearer::for_test(Some(ANNA), None, &["x"]));
    let other = Caller::Bearer(Bearer::for_test(Some(ANNA), None, &[]));
    let public = Area::Public;
    assert!(is_forbidden(reading(&closed, &holder, public)));
    assert!(reading(&open, &holder, public).is_ok());
    assert!(is_forbidden(reading(&open, &other, public)));
    assert!(matches!(
        reading(&open, &Caller::Anonymous, public),
        Err(Problem::Unauthenticated(_))
    ));
    assert!(is_forbidden(storing(&open, &holder, public)));
    assert!(is_forbidden(deleting(&open, &holder, public)));
}

#[test]
fn without_a_token_it_is_401_where_a_token_could_fit_another_path() {
    let policy = policy(
        "[[public.paths]]\nmatch = 'team/{claim:/team}/**'\nread = 'anyone'\n\
         [[public.paths]]\nmatch = 'team/**'\nread = 'nobody'\n\
         [[public.paths]]\nmatch = 'attic/**'\nread = 'nobody'\n",
    );
    let of = |file| read(&policy, &Caller::Anonymous, Area::Public, name(file));
    assert!(matches!(of("team/a/x"), Err(Problem::Unauthenticated(_))));
    assert!(is_forbidden(of("attic/x")));
    assert!(of("x").is_ok());
    let anna = Caller::Bearer(Bearer::for_test(Some(ANNA), None, &[]));
    let Err(Problem::Forbidden(denied)) = read(&policy, &anna, Area::Public, name("team/a/x"))
    else {
        panic!("allowed");
    };
    assert!(denied.is_about_the_token());
    let said = denied.explain(&policy);
    assert!(
        said.contains("no path that matches this token") && said.contains("team/**"),
        "{said}"
    );
}

#[test]
fn a_copy_is_judged_at_both_ends() {
    let policy = policy(DEPARTMENTS);
    let caller = member(&policy, "hr", &[]);
    let copy = |kind, from, to| {
        let storing = storing(&policy, &caller, Area::Org)?;
        let copying = copying(&policy, &caller, Area::Org, kind, storing, true)?;
        copying.of(&name(from), &name(to)).map(drop)
    };
    for (from, to, allowed) in [
        ("departments/hr/a", "b", true),
        ("b", "departments/hr/a", true),
        ("departments/it/a", "b", false),
        ("b", "departments/it/a", false),
        ("departments/hr/a", "departments/it/a", false),
    ] {
        for kind in [CopyKind::Copy, CopyKind::Move] {
            let got = copy(kind, from, to);
            assert_eq!(got.is_ok(), allowed, "{from} {to}");
            assert!(allowed || is_forbidden(got));
        }
    }
}

#[test]
fn a_list_is_refused_only_where_nothing_could_be_in_it() {
    let policy = policy(DEPARTMENTS);
    let org = Area::Org;
    let (hr, head) = (member(&policy, "hr", &[]), member(&policy, "x", &["head"]));
    for (caller, prefix, expected) in [
        (&hr, "", Some(View::Mixed)),
        (&hr, "departments/", Some(View::Mixed)),
        (&hr, "departments/hr/", Some(View::Open)),
        (&hr, "departments/it/", None),
        (&hr, "departments/i", None),
        (&hr, "other/", Some(View::Open)),
        (&head, "", Some(View::Open)),
    ] {
        let list = list(&policy, caller, org, prefix);
        let view = list.as_ref().ok().map(|list| list.view(prefix));
        assert_eq!(view, expected, "{prefix}");
        assert!(expected.is_some() || is_forbidden(list));
    }
    let list = list(&policy, &hr, org, "").expect("a permit");
    assert!(list.shows("departments/hr/a") && !list.shows("departments/it/a"));
    assert_eq!(list.view("departments/it/"), View::Closed);
}

#[test]
fn a_link_keeps_the_limits_of_its_path_and_is_made_for_no_closed_one() {
    let policy = policy(DEPARTMENTS);
    let caller = member(&policy, "hr", &[]);
    let validity = Validity {
        made_at: 1,
        expires_at: 2,
    };
    let asked = || LinkLimits {
        max_size: None,
        content_types: Some(vec![
            MediaRange::try_from("image/png".to_owned()).expect("a type"),
            MediaRange::try_from("video/mp4".to_owned()).expect("a type"),
        ]),
    };
    let file = store(&policy, &caller, Area::Org, name("departments/hr/a")).expect("a permit");
    let folder = |text: &str| {
        let storing = storing(&policy, &caller, Area::Org).expect("a permit");
        storing.drop_grant(name(text), asked(), validity)
    };
    let grants = [
        file.upload_grant(&policy, false, asked(), validity),
        folder("departments/hr"),
    ];
    for grant in grants {
        // The holder is nobody: no path is looked for again.
        let store = match grant.expect("a grant") {
            Grant::Upload(grant) => grant.into_store(&policy),
            Grant::Drop(grant) => {
                let (storing, _) = grant.into_storing(&policy);
                assert!(storing.of(name("departments/it/a")).is_err());
                assert!(storing.of(name("departments/hrx")).is_err());
                storing.of(name("departments/hr/b/c")).expect("a permit")
            }
            Grant::Manage(_) => panic!("another grant"),
        };
        let options = |content_type: &str| store.options(&ContentType::stored(content_type), None);
        assert_eq!(options("image/png").expect("options").max_size, 1_000_000);
        for other in ["video/mp4", "text/plain", "image/gif"] {
            assert!(options(other).is_err(), "{other}");
        }
    }
    for refused in ["departments/it", "departments"] {
        assert!(is_forbidden(folder(refused)), "{refused}");
    }
    assert!(folder("other").is_ok());
}

#[test]
fn a_link_stores_no_more_than_its_maker_where_others_could() {
    let policy = policy(
        "[public]\ncreate = 'anyone'\nmax-file-size = '1 MB'\ncontent-types = ['image/png']\n\
         [[public.paths]]\nmatch = 'studio/{claim:/team}/**'\ncreate = 'signed-in'\n\
         max-file-size = '10 GiB'\ncontent-types = ['*/*']\n",
    );
    let validity = Validity {
        made_at: 1,
        expires_at: 2,
    };
    let nobody = Caller::Anonymous;
    let unlimited = LinkLimits::default;
    let file = store(&policy, &nobody, Area::Public, name("studio/x/a")).expect("a permit");
    let file = file.upload_grant(&policy, false, unlimited(), validity);
    let Grant::Upload(upload) = file.expect("a grant") else {
        panic!("another grant");
    };
    let folder = storing(&policy, &nobody, Area::Public).expect("a permit");
    let folder = folder.drop_grant(name("studio/x"), unlimited(), validity);
    let Grant::Drop(drop) = folder.expect("a grant") else {
        panic!("another grant");
    };
    let (drop, _) = drop.into_storing(&policy);
    let pseudonym = Pseudonym::parse("anonymous:AAAAAAAAAAAAAAAAAAAAAA").expect("a pseudonym");
    let manage = ManageGrant::new(name("studio/x/a"), pseudonym, 1);
    for store in [
        upload.into_store(&policy),
        drop.of(name("studio/x/a")).expect("a permit"),
        manage.store(&policy),
    ] {
        assert_eq!(store.max_size(), 1_000_000);
        let options = |content_type: &str| store.options(&ContentType::stored(content_type), None);
        assert!(options("image/png").is_ok());
        assert!(options("text/html").is_err());
    }
    // A member of the team has what the path gives.
    let member = member(&policy, "x", &[]);
    let file = store(&policy, &member, Area::Public, name("studio/x/a")).expect("a permit");
    let file = file.upload_grant(&policy, false, unlimited(), validity);
    let Grant::Upload(upload) = file.expect("a grant") else {
        panic!("another grant");
    };
    assert_eq!(upload.into_store(&policy).max_size(), 10 << 30);
}

#[test]
fn a_folder_may_have_paths_with_no_type_in_common() {
    let paths = |pattern: &str| {
        policy(&format!(
            "[org]\ncontent-types = ['image/*']\n[[org.paths]]\nmatch = '{pattern}'\n\
             content-types = ['application/pdf']\n"
        ))
    };
    let validity = Validity {
        made_at: 1,
        expires_at: 2,
    };
    let folder = |policy: &Policy, asked: Option<&str>| {
        let caller = member(policy, "hr", &[]);
        let limits = LinkLimits {
            max_size: None,
            content_types: asked
                .map(|asked| vec![MediaRange::try_from(asked.to_owned()).expect("a type")]),
        };
        let storing = storing(policy, &caller, Area::Org).expect("a permit");
        storing.drop_grant(name("in"), limits, validity)
    };
    // The policy says of each file what it may be, whoever has the link.
    let known = paths("in/docs/**");
    let Ok(Grant::Drop(drop)) = folder(&known, None) else {
        panic!("no grant");
    };
    let (drop, _) = drop.into_storing(&known);
    for (file, content_type, stored) in [
        ("in/a", "image/png", true),
        ("in/a", "application/pdf", false),
        ("in/docs/a", "application/pdf", true),
        ("in/docs/a", "image/png", false),
    ] {
        let store = drop.of(name(file)).expect("a permit");
        let options = store.options(&ContentType::stored(content_type), None);
        assert_eq!(options.is_ok(), stored, "{file} {content_type}");
    }
    assert!(folder(&known, Some("application/pdf")).is_ok());
    let told = |refused| match refused {
        Err(Problem::InvalidRequest(detail)) => detail,
        other => panic!("{other:?}"),
    };
    assert!(told(folder(&known, Some("text/csv"))).starts_with("content_types: "));
    // Who could store what there is not known.
    let by_token = paths("in/{claim:/department}/**");
    let refused = told(folder(&by_token, None));
    assert!(!refused.contains("content_types"), "{refused}");
    assert!(told(folder(&by_token, Some("image/*"))).starts_with("content_types: "));
}

#[test]
fn a_refusal_by_the_store_names_the_rule_of_the_path() {
    let policy = policy("[[org.paths]]\nmatch = 'own/**'\ndelete = 'uploader'\n");
    let caller = member(&policy, "hr", &[]);
    let delete = delete(&policy, &caller, Area::Org, name("own/a")).expect("a permit");
    let reason = delete.problem(Error::Protected).reason(&policy);
    assert_eq!(
        reason.as_deref(),
        Some(
            "org.paths \"own/**\" delete (line 7) requires uploader, but the file was stored by \
             another user or without a token"
        )
    );
}

#[test]
fn one_call_asks_the_store_about_all_files_with_one_guard() {
    let policy = policy("[[org.paths]]\nmatch = 'own/**'\nread = 'uploader'\n");
    let caller = member(&policy, "hr", &[]);
    let reading = reading(&policy, &caller, Area::Org).expect("a permit");
    let permits: Vec<Read> = ["own/a", "b", "own/c", "d"]
        .into_iter()
        .map(|file| reading.of(name(file)).expect("a permit"))
        .collect();
    let calls = std::cell::RefCell::new(Vec::new());
    let outcomes = together(&permits, |keys: &[&str], guard: &Guard| {
        calls.borrow_mut().push(format!("{guard:?} {}", keys.len()));
        keys.iter().map(|key| (*key).to_owned()).collect()
    });
    let keys: Vec<String> = permits
        .iter()
        .map(|permit| permit.key().to_string())
        .collect();
    assert_eq!(outcomes, Some(keys));
    let calls = calls.into_inner();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(together(&permits, |_: &[&str], _: &Guard| Vec::<()>::new()).is_none());
}
