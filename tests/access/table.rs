//! The table: what each caller gets for each operation on the files of an area.

use jwt_simple::prelude::*;
use serde_json::{Value, json};

use crate::support::{Claims, jwks, org_member, sign, sign_with, user};

const AREAS: [(&str, &str); 3] = [("public", PUBLIC), ("user", USER), ("org", ORG)];

/// In the cells, `401` is `unauthenticated`, `bad` is 401 `invalid-token`, `403`
/// is `forbidden` and `404` is `not-found`. `form` is a form with a new name,
/// `form-over` one that replaces.
const PUBLIC: &str = "
    caller          create replace form form-over get  head delete list url  options
    no-token        201    401     201  401       200  200  401    401  201  204
    user-a          201    200     201  201       200  200  204    200  201  204
    user-b          201    403     201  403       200  200  403    200  201  204
    member-of-x     201    403     201  403       200  200  403    200  201  204
    member-of-y     201    403     201  403       200  200  403    200  201  204
    expired         bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-audience  bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-issuer    bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    forged          bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    none            bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    key-confusion   bad    bad     bad  bad       bad  bad  bad    bad  bad  204";

/// B and the members of X and Y are users too: what they store under A's names is a
/// new file of their own.
const USER: &str = "
    caller          create replace form form-over get  head delete list url  options
    no-token        401    401     401  401       401  401  401    401  401  204
    user-a          201    200     201  201       200  200  204    200  201  204
    user-b          201    201     201  201       404  404  404    200  404  204
    member-of-x     201    201     201  201       404  404  404    200  404  204
    member-of-y     201    201     201  201       404  404  404    200  404  204
    expired         bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-audience  bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-issuer    bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    forged          bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    none            bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    key-confusion   bad    bad     bad  bad       bad  bad  bad    bad  bad  204";

/// A and B are in no organization.
const ORG: &str = "
    caller          create replace form form-over get  head delete list url  options
    no-token        401    401     401  401       401  401  401    401  401  204
    user-a          403    403     403  403       403  403  403    403  403  204
    user-b          403    403     403  403       403  403  403    403  403  204
    member-of-x     201    200     201  201       200  200  204    200  201  204
    member-of-y     201    201     201  201       404  404  404    200  404  204
    expired         bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-audience  bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    wrong-issuer    bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    forged          bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    none            bad    bad     bad  bad       bad  bad  bad    bad  bad  204
    key-confusion   bad    bad     bad  bad       bad  bad  bad    bad  bad  204";

/// One cell of a table.
pub(super) struct Cell {
    pub(super) area: &'static str,
    pub(super) caller: &'static str,
    pub(super) operation: &'static str,
    pub(super) expected: &'static str,
}

impl Cell {
    /// The problem type, if it is a refusal.
    pub(super) fn refusal(&self) -> Option<(u16, &'static str)> {
        Some(match self.expected {
            "401" => (401, "unauthenticated"),
            "bad" => (401, "invalid-token"),
            "403" => (403, "forbidden"),
            "404" => (404, "not-found"),
            _ => return None,
        })
    }

    pub(super) fn label(&self) -> String {
        format!("{}: {} by {}", self.area, self.operation, self.caller)
    }
}

pub(super) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (area, table) in AREAS {
        let mut rows = table.trim().lines().map(str::split_whitespace);
        let operations: Vec<_> = rows.next().unwrap().skip(1).collect();
        for mut row in rows {
            let caller = row.next().unwrap();
            let words: Vec<_> = row.collect();
            assert_eq!(words.len(), operations.len(), "{area} {caller}");
            cells.extend(
                operations
                    .iter()
                    .zip(words)
                    .map(|(&operation, expected)| Cell {
                        area,
                        caller,
                        operation,
                        expected,
                    }),
            );
        }
    }
    assert_eq!(cells.len(), 3 * 11 * 10);
    cells
}

/// The token of a caller. The invalid ones claim to be A, a member of X with every
/// role.
pub(super) fn token(caller: &str) -> Option<String> {
    let claims = || {
        let claims = Claims::new().with("sub", "a").with("org_id", "x");
        claims.with("roles", json!(["admin", "manager"]))
    };
    let hour = 3600;
    let past = Clock::now_since_epoch().as_secs() - hour;
    Some(match caller {
        "no-token" => return None,
        "user-a" => user("a"),
        "user-b" => user("b"),
        "member-of-x" => org_member("carol", "x"),
        "member-of-y" => org_member("dave", "y"),
        "expired" => sign(&claims().with("exp", past)),
        "wrong-audience" => sign(&claims().with("aud", "another-service")),
        "wrong-issuer" => sign(&claims().with("iss", "https://iam.test.evil")),
        "forged" => Ed25519KeyPair::generate().sign(claims().library()).unwrap(),
        "none" => {
            let token = sign_with(&json!({ "alg": "none", "typ": "JWT" }), &claims());
            format!("{}.", token.rsplit_once('.').unwrap().0)
        }
        "key-confusion" => {
            let keys: Value = serde_json::from_str(&jwks()).unwrap();
            let public = keys["keys"][0]["x"].as_str().unwrap();
            let public = Base64UrlSafeNoPadding::decode_to_vec(public, None).unwrap();
            HS256Key::from_bytes(&public)
                .authenticate(claims().library())
                .unwrap()
        }
        other => panic!("{other}"),
    })
}

/// Whose files a caller reaches in an area, if any.
pub(super) fn scope(area: &str, caller: &str) -> Option<&'static str> {
    Some(match (area, caller) {
        ("public", _) => "everybody's",
        ("user", "user-a") => "A's",
        ("user", "user-b") => "B's",
        ("user", "member-of-x") => "Carol's",
        ("user", "member-of-y") => "Dave's",
        ("org", "member-of-x") => "X's",
        ("org", "member-of-y") => "Y's",
        _ => return None,
    })
}

/// The caller who owns the area's files.
pub(super) fn owner(area: &str) -> &'static str {
    if area == "org" {
        "member-of-x"
    } else {
        "user-a"
    }
}
