//! Rules by path: what every caller can do in a department's folder, their own or another's, in
//! all three areas.

mod links;
mod moments;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Claims, Platform, RequestBuilder, Server, Setup, iam, sign};

/// The same paths in every area: a department's folder is open to the department, and to the head
/// for reading.
fn departments(area: &str) -> String {
    format!(
        "[[{area}.paths]]\nmatch = \"departments/{{claim:/department}}/**\"\nread = \"signed-in\"\n\
         list = \"signed-in\"\ncreate = \"signed-in\"\nreplace = \"signed-in\"\n\
         delete = \"signed-in\"\n\
         [[{area}.paths]]\nmatch = \"departments/**\"\nread = \"role:head\"\n\
         list = \"role:head\"\ncreate = \"nobody\"\nreplace = \"nobody\"\ndelete = \"nobody\"\n"
    )
}

fn policy() -> String {
    let areas = ["public", "user", "org"].map(departments);
    format!("{}{}", iam(), areas.concat())
}

/// A caller's token: of user, organization, department and role.
fn token(caller: &str) -> Option<String> {
    let (org, department, roles) = match caller {
        "nobody" => return None,
        "ann" => ("acme", json!("hr"), json!([])),
        "bob" => ("acme", json!(["it", "hr/x", "*", "", ".."]), json!([])),
        "carol" => ("globex", json!({"hr": {}, "it": false}), json!([])),
        "head" => ("acme", json!(null), json!(["head"])),
        other => panic!("{other}"),
    };
    let claims = Claims::new().with("sub", caller).with("org_id", org);
    Some(sign(
        &claims.with("roles", roles).with("department", department),
    ))
}

fn by(caller: &str, request: RequestBuilder) -> RequestBuilder {
    match token(caller) {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

/// What an operation needs, and its status where it is allowed and the file is there, or where it is
/// not there.
const OPERATIONS: [(&str, &str, u16, u16); 14] = [
    ("get", "read", 200, 404),
    ("head", "read", 200, 404),
    ("info", "read", 200, 404),
    ("url", "read", 201, 404),
    ("put", "store", 200, 201),
    ("put-new", "create", 201, 201),
    ("form", "create", 201, 201),
    ("tus", "create", 201, 201),
    ("upload-url", "create", 201, 201),
    ("amend", "replace", 200, 404),
    ("delete", "delete", 204, 404),
    ("copy-from", "read", 201, 404),
    ("copy-to", "create", 201, 201),
    ("move-from", "move", 201, 404),
];

/// The request for the file `CALLER-OPERATION` in this folder.
fn request(
    server: &Server,
    area: &str,
    caller: &str,
    operation: &str,
    folder: &str,
) -> RequestBuilder {
    let (name, files) = (format!("{caller}-{operation}"), format!("/v1/{area}/files"));
    let (file, new) = (format!("{folder}/{name}"), format!("{folder}/new-{name}"));
    let copy = |verb: &str, from: &str, to: &str| {
        let body = json!({ "from": from, "to": to });
        server
            .post(&format!("/v1/{area}/{verb}"))
            .body(body.to_string())
    };
    let described = json!({ "metadata": { "a": "b" } }).to_string();
    let request = match operation {
        "get" => server.get(&format!("{files}/{file}")),
        "head" => server.head(&format!("{files}/{file}")),
        "info" => server.get(&format!("/v1/{area}/info/{file}")),
        "url" => server.post(&format!("/v1/{area}/urls/{file}")),
        "put" => server.put(&format!("{files}/{file}"), "changed"),
        "put-new" => server.put(&format!("{files}/{new}"), "new"),
        "form" => {
            let part = Part::text("new").file_name(format!("new-{name}"));
            let request = server.post(&format!("{files}?folder={folder}"));
            request.multipart(Form::new().part("file", part))
        }
        "tus" => server
            .put(&format!("{files}/{new}"), "new")
            .header("upload-draft-interop-version", "6")
            .header("upload-complete", "?0"),
        "upload-url" => {
            let request = server.post(&format!("/v1/{area}/urls/{new}"));
            request.body(json!({ "for": "upload" }).to_string())
        }
        "amend" => server
            .request(Method::PATCH, &format!("/v1/{area}/info/{file}"))
            .body(described),
        "delete" => server.delete(&format!("{files}/{file}")),
        "copy-from" => copy("copy", &file, &format!("free/from-{folder}-{name}")),
        "copy-to" => copy("copy", &format!("free/{caller}"), &new),
        "move-from" => copy("move", &file, &format!("free/moved-{folder}-{name}")),
        other => panic!("{other}"),
    };
    by(caller, request)
}

#[tokio::test]
async fn a_folder_is_open_to_those_whose_token_fits_and_to_nobody_else() {
    let seeding = Setup::policy(&iam()).start();
    let callers = ["nobody", "ann", "bob", "carol", "head"];
    let areas = ["public", "user", "org"];
    for area in areas {
        let mut files = vec![];
        for caller in callers {
            files.push(format!("free/{caller}"));
            for (operation, ..) in OPERATIONS {
                for folder in ["departments/hr", "departments/it"] {
                    files.push(format!("{folder}/{caller}-{operation}"));
                }
            }
        }
        for files in files.chunks(100) {
            let part = |form: Form, name: &String| {
                form.part("file", Part::text("content").file_name(name.clone()))
            };
            // In the user area they are Ann's, in the org area Acme's.
            let form = files.iter().fold(Form::new(), part);
            let request = seeding.post(&format!("/v1/{area}/files?paths=keep"));
            let response = by("ann", request).multipart(form).send().await.unwrap();
            assert_eq!(response.status(), 201);
        }
    }
    for (caller, area) in [
        ("bob", "user"),
        ("carol", "user"),
        ("carol", "org"),
        ("head", "user"),
    ] {
        let request = seeding.put(&format!("/v1/{area}/files/free/{caller}"), "content");
        assert_eq!(by(caller, request).send().await.unwrap().status(), 201);
    }
    let data = seeding.data();
    drop(seeding);
    let server = Setup::policy(&policy()).data(data).start();
    for area in areas {
        for caller in callers {
            for (folder, department) in [("departments/hr", "hr"), ("departments/it", "it")] {
                let belongs = matches!(
                    (caller, department),
                    ("ann" | "carol", "hr") | ("bob", "it")
                );
                let is_there = matches!(
                    (area, caller),
                    ("public", _) | (_, "ann") | ("org", "bob" | "head")
                );
                for (operation, needs, done, missing) in OPERATIONS {
                    // The adapters of other platforms have no resumable uploads.
                    let is_unsupported = operation == "tus" && !Platform::is_ours();
                    let (done, missing) = if is_unsupported {
                        (501, 501)
                    } else {
                        (done, missing)
                    };
                    let allowed = belongs || (caller == "head" && needs == "read");
                    let refused = if caller == "nobody" { 401 } else { 403 };
                    let expected = match (allowed, is_there) {
                        (false, _) => refused,
                        (true, true) => done,
                        (true, false) => missing,
                    };
                    let request = request(&server, area, caller, operation, folder);
                    let response = request.send().await.unwrap();
                    let got = response.status();
                    let label = format!("{area} {caller} {operation} {folder}: {response:?}");
                    assert_eq!(got, StatusCode::from_u16(expected).unwrap(), "{label}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_form_is_judged_file_by_file_before_its_bytes() {
    let server = Setup::policy(&policy()).start();
    let form = |folders: &[&str]| {
        let part = |form: Form, folder: &&str| {
            let name = format!("departments/{folder}/a");
            form.part("file", Part::text("x").file_name(name))
        };
        folders.iter().fold(Form::new(), part)
    };
    let send = async |folders: &[&str]| {
        let request = server.post("/v1/org/files?paths=keep");
        let request = by("ann", request).multipart(form(folders));
        request.send().await.unwrap()
    };
    let refused = send(&["hr", "it"]).await;
    assert_eq!(refused.status(), 403);
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert!(
        problem.to_string().contains("departments/it/a"),
        "{problem}"
    );
    let get = by("ann", server.get("/v1/org/files/departments/hr/a"));
    assert_eq!(get.send().await.unwrap().status(), 404, "all or none");
    assert_eq!(send(&["hr"]).await.status(), 201);
}

#[tokio::test]
async fn batches_say_of_each_file_whether_it_may_be() {
    let server = Setup::policy(&policy()).start();
    for name in ["departments/hr/a", "free"] {
        let request = by("ann", server.put(&format!("/v1/org/files/{name}"), "x"));
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
    let names = ["departments/hr/a", "departments/it/a", "free", "none"];
    let body = json!({ "names": names }).to_string();
    let post = |path: &str| by("ann", server.post(path)).body(body.clone());
    let urls: serde_json::Value = post("/v1/org/urls")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let outcome = |entry: &serde_json::Value| match &entry["problem"]["type"] {
        serde_json::Value::String(kind) => kind.rsplit('/').next().unwrap().to_owned(),
        _ => "made".to_owned(),
    };
    let outcomes: Vec<String> = urls["urls"]
        .as_array()
        .unwrap()
        .iter()
        .map(outcome)
        .collect();
    assert_eq!(outcomes, ["made", "forbidden", "made", "not-found"]);
    let deleted = post("/v1/org/delete").send().await.unwrap();
    let deleted: serde_json::Value = deleted.json().await.unwrap();
    assert_eq!(deleted["done"], 3, "{deleted}");
    assert_eq!(deleted["failed"][0]["name"], "departments/it/a");
    assert_eq!(deleted["failed"].as_array().unwrap().len(), 1);
}
