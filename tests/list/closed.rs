//! Lists, and work on folders, where a policy closes some of the names to some of the callers.

mod model;

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{entries, files, page};
use crate::support::{Claims, Server, Setup, assert_problem, iam, json_of, sign, token, user};

/// A company: everyone sees the folder of their department, and heads see all.
const COMPANY: &str = r#"
[[org.paths]]
match = "departments/{claim:/department}/**"
list = "signed-in"
[[org.paths]]
match = "departments/**"
list = "role:head"
"#;

/// A member of a department.
fn member(name: &str, department: &str) -> String {
    let claims = Claims::new().with("sub", name).with("org_id", "acme");
    sign(&claims.with("department", department))
}

async fn store(server: &Server, token: &str, area: &str, names: &[String]) {
    for names in names.chunks(100) {
        let form = names.iter().fold(Form::new(), |form, name| {
            form.part("file", Part::text("content").file_name(name.clone()))
        });
        let request = server.post(&format!("/v1/{area}/files?paths=keep"));
        let response = request.bearer_auth(token).multipart(form).send().await;
        assert_eq!(response.unwrap().status(), 201);
    }
}

/// All entries, and what clients are told of where the pages end.
async fn walk(server: &Server, token: &str, area: &str, query: &str) -> (Vec<String>, Vec<String>) {
    let (mut seen, mut cursors) = (Vec::new(), Vec::<String>::new());
    loop {
        let cursor = cursors.last().map(|cursor| format!("&cursor={cursor}"));
        let query = format!("{query}{}", cursor.unwrap_or_default());
        let page = page(server, token, area, &query).await;
        seen.extend(entries(&page));
        match page["next"].as_str() {
            Some(next) => cursors.push(next.to_owned()),
            None => return (seen, cursors),
        }
    }
}

/// What a list by folders or another one shows of these names.
fn expected<'n>(
    names: impl IntoIterator<Item = &'n String>,
    prefix: &str,
    by_folders: bool,
) -> Vec<String> {
    let entries = names.into_iter().filter_map(|name| {
        let end = name.strip_prefix(prefix)?.find('/').filter(|_| by_folders);
        let entry = end.map_or(name.as_str(), |at| &name[..=prefix.len() + at]);
        Some(entry.to_owned())
    });
    entries.collect::<BTreeSet<_>>().into_iter().collect()
}

#[tokio::test]
async fn members_see_their_own_department_and_no_trace_of_others() {
    let server = Setup::policy(&(iam() + "[org]\n" + COMPANY)).start();
    let names = [
        "departments/hr/2026/plan.pdf",
        "departments/hr/plan.pdf",
        "departments/hr-old/plan.pdf",
        "departments/it/keys.txt",
        "handbook.pdf",
    ];
    let (ann, ida) = (member("ann", "hr"), member("ida", "it"));
    let head = token(Some("eve"), Some("acme"), &["head"]);
    store(&server, &head, "org", &names.map(str::to_owned)).await;
    for (caller, query, shown) in [
        (&ann, "", &[names[0], names[1], names[4]][..]),
        (&ann, "delimiter=/", &["departments/", names[4]]),
        (
            &ann,
            "prefix=departments/&delimiter=/",
            &["departments/hr/"],
        ),
        (&ann, "prefix=dep&delimiter=/", &["departments/"]),
        (&ida, "", &[names[3], names[4]]),
        (
            &ida,
            "prefix=departments/&delimiter=/",
            &["departments/it/"],
        ),
        (
            &head,
            "prefix=departments/&delimiter=/",
            &["departments/hr-old/", "departments/hr/", "departments/it/"],
        ),
        (&member("bob", "sales"), "delimiter=/", &[names[4]]),
        (&member("bob", "sales"), "limit=1", &[names[4]]),
    ] {
        let listing = page(&server, caller, "org", query).await;
        assert_eq!(entries(&listing), shown, "{query}");
        assert_eq!(listing["next"], Value::Null, "{query}");
    }
    for prefix in ["departments/it/", "departments/it/keys"] {
        let path = format!("/v1/org/files?prefix={prefix}");
        let refused = server.get(&path).bearer_auth(&ann).send().await.unwrap();
        assert_problem(refused, 403, "forbidden").await;
    }
}

#[tokio::test]
async fn all_pages_together_are_what_the_policy_says() {
    let mut random = fastrand::Rng::with_seed(0x5eed_0004);
    for _ in 0..5 {
        let policy = model::Written::random(&mut random);
        let text = iam() + &policy.text();
        let server = Setup::policy(&text).start();
        let names: Vec<String> = model::names(&mut random).into_iter().collect();
        store(&server, &user("writer"), "public", &names).await;
        for _ in 0..12 {
            let caller = model::Caller::random(&mut random);
            let (prefix, by_folders) = (model::prefix(&mut random, &names), random.bool());
            let shown = names.iter().filter(|name| policy.shows(&caller, name));
            let shown = expected(shown, &prefix, by_folders);
            let encoded: String = prefix.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let limit = [1, 3, 100][random.usize(..3)];
            let by = if by_folders { "&delimiter=/" } else { "" };
            let query = format!("prefix={encoded}&limit={limit}{by}");
            let token = caller.token();
            let first = server.get(&format!("/v1/public/files?{query}"));
            let first = first.bearer_auth(&token).send().await.unwrap();
            if first.status() == 403 {
                assert_eq!(shown, Vec::<String>::new(), "{text} {query}");
                continue;
            }
            let (seen, cursors) = walk(&server, &token, "public", &query).await;
            assert_eq!(seen, shown, "{text} {query}");
            for cursor in cursors {
                let bytes = BASE64.decode(&cursor).unwrap();
                let told = bytes[0] == 0xff || {
                    let told = String::from_utf8(bytes).unwrap();
                    shown.contains(&told)
                };
                assert!(told, "{cursor}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_ends_at_a_hidden_name_does_not_tell_it() {
    let policy = iam()
        + "[public]\nlist = 'nobody'\n[[public.paths]]\nmatch = '**/shown'\nlist = 'signed-in'\n";
    let server = Setup::policy(&policy).start();
    let (ann, bob) = (user("ann"), user("bob"));
    let mut names: Vec<String> = (0..60).map(|n| format!("confidential-{n:02}/x")).collect();
    names.extend(["a/shown".to_owned(), "z/shown".to_owned()]);
    store(&server, &ann, "public", &names).await;
    let (seen, cursors) = walk(&server, &ann, "public", "delimiter=/").await;
    assert_eq!(seen, ["a/", "z/"]);
    assert!((1..=4).contains(&cursors.len()), "{cursors:?}");
    for cursor in &cursors {
        let bytes = BASE64.decode(cursor).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("conf"));
        assert_eq!(cursor.len(), cursors[0].len());
    }
    let first = format!("delimiter=/&cursor={}", cursors[0]);
    assert_eq!(
        entries(&page(&server, &ann, "public", &first).await),
        ["z/"; 0]
    );
    let changed = |at: usize| {
        let other = if first.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        [&first[..at], other, &first[at + 1..]].concat()
    };
    let last = first.len() - 1;
    for (query, caller) in [
        (format!("cursor={}", cursors[0]), &ann),
        (format!("prefix=c&{first}"), &ann),
        (first.clone(), &bob),
        (changed(last), &ann),
        (changed(last - cursors[0].len() / 2), &ann),
        (first[..first.len() - 4].to_owned(), &ann),
    ] {
        let request = server.get(&format!("/v1/public/files?{query}"));
        let refused = request.bearer_auth(caller).send().await.unwrap();
        assert_problem(refused, 400, "invalid-request").await;
    }
}

#[tokio::test]
async fn work_on_a_folder_leaves_out_what_may_not_be_listed_and_finishes() {
    let policy = iam()
        + "[public]\nlist = 'signed-in'\nread = 'anyone'\ndelete = 'signed-in'\n\
           [[public.paths]]\nmatch = '**/closed/**'\nlist = 'role:head'\n";
    let server = Setup::policy(&policy).start();
    let (ann, head) = (user("ann"), token(Some("eve"), None, &["head"]));
    let names = |folder: &str| {
        ["a", "b/closed/c", "b/d", "closed/e", "f"].map(|name| format!("{folder}/{name}"))
    };
    for folder in ["copied", "moved", "deleted"] {
        store(&server, &ann, "public", &names(folder)).await;
    }
    for (operation, body, done) in [
        ("copy", json!({ "from": "copied/", "to": "copies/" }), 3),
        ("move", json!({ "from": "moved/", "to": "new/" }), 3),
        ("delete", json!({ "folder": "deleted/" }), 3),
        // What is left is not mentioned either.
        ("delete", json!({ "folder": "deleted/" }), 0),
    ] {
        let request = server.post(&format!("/v1/public/{operation}"));
        let request = request.bearer_auth(&ann).body(body.to_string());
        let answer = json_of(request).await;
        let expected = json!({ "done": done, "failed": [], "next": null });
        assert_eq!(answer, expected, "{operation}");
    }
    let left = |folder: &'static str| [1, 3].map(|at| names(folder)[at].clone());
    let shown = |folder: &'static str| [0, 2, 4].map(|at| names(folder)[at].clone());
    let mut all = names("copied").to_vec();
    all.extend(shown("copies"));
    all.extend(left("deleted"));
    all.extend(left("moved"));
    all.extend(shown("new"));
    let listing = page(&server, &head, "public", "limit=1000").await;
    assert_eq!(files(&listing), all);
    let refused = server.post("/v1/public/delete").bearer_auth(&ann);
    let refused = refused.body(r#"{"folder":"copied/closed/"}"#).send().await;
    assert_problem(refused.unwrap(), 403, "forbidden").await;
}
