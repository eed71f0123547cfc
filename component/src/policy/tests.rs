//! Policy documents and how they are parsed, one subject per file.

mod cases;
mod closings;
mod documents;
mod mistakes;
mod notes;
mod openings;
mod path_mistakes;
mod path_notes;
mod paths;
mod random;

use super::*;

const EXAMPLE: &str = r#"
[iam]
issuer        = "https://iam.example.com"
audience      = "storage"
user-claim    = "/sub"
org-claim     = "/org_id"
roles-claim   = "/urn:zitadel:iam:org:project:roles"

[public]
read = "anyone"
list = "signed-in"
create = "anyone"
replace = ["uploader", "role:admin"]
delete = ["uploader", "role:admin"]
max-file-size = "20 MB"
content-types = ["image/*", "application/pdf"]
cache-control = "public, max-age=60"

[user]
max-file-size = "1.5 GiB"

[org]
delete = "role:manager"

[links]
max-age = "1day 12h"

[uploads]
max-age = "6h"
max-unfinished = 7

[cors]
origins = ["https://app.example.com", "http://localhost:3000"]
"#;

fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn error(text: &str) -> String {
    Policy::parse(text).expect_err(text).to_string()
}
