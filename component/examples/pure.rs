//! The component's pure parts, run natively to count their instructions.
//!
//! `pure` lists their names, and `pure NAME TIMES` runs one that many times. The cost of a
//! single run is the difference between two counts: `just bench-instructions`.

use std::cell::RefCell;
use std::hint::black_box;
use std::process::ExitCode;

use http::{HeaderMap, HeaderValue, Method, header};
use jwt_simple::prelude::*;

use coffer_component::area::Area;
use coffer_component::fields::{conditions, disposition, range};
use coffer_component::memo::Memo;
use coffer_component::permit;
use coffer_component::policy::Policy;
use coffer_component::token::{self, Caller};
use coffer_component::url::query::ListQuery;
use coffer_component::url::{Name, Route};

/// A point in time, in seconds since 1970, at which the token is valid.
const NOW: u64 = 1_800_000_000;
/// A fixed key, so that the same instructions are counted: secret and public key of
/// RFC 8032, 7.1, test 1.
const KEY: [u8; 64] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// A memo for one token.
#[derive(Default)]
struct Known(RefCell<Option<Vec<u8>>>);

impl Memo for Known {
    fn recall(&self, _: &[u8]) -> Option<Vec<u8>> {
        self.0.borrow().clone()
    }

    fn remember(&self, _: &[u8], value: &[u8], _: u32) {
        self.0.replace(Some(value.to_owned()));
    }
}

/// The input of the parts.
struct Given {
    document: String,
    policy: Policy,
    /// With a hundred paths.
    paths: Policy,
    /// The same as it is remembered.
    remembered: Vec<u8>,
    headers: HeaderMap,
    /// Has the token once it has been verified.
    memo: Known,
}

impl Given {
    fn new() -> Option<Self> {
        let key = Ed25519KeyPair::from_bytes(&KEY)
            .ok()?
            .with_key_id("2026-01");
        let mut jwk: serde_json::Value = serde_json::from_str(&key.public_key().to_jwk()).ok()?;
        jwk["kid"] = "2026-01".into();
        let document = format!(
            "[iam]\nissuer = \"https://iam.example.com\"\naudience = \"storage\"\n\
             org-claim = \"/org_id\"\nroles-claim = \"/roles\"\njwks = '''{{\"keys\":[{jwk}]}}'''\n\
             [public]\nlist = \"role:editor\"\nreplace = [\"uploader\", \"role:editor\"]\n\
             content-types = [\"image/png\", \"image/jpeg\"]\nmax-file-size = \"20 MB\"\n\
             [cors]\norigins = [\"https://app.example.com\"]\n"
        );
        let claims = serde_json::json!({
            "iss": "https://iam.example.com", "aud": "storage", "sub": "user-1",
            "org_id": "org-1", "roles": ["editor", "member"], "exp": NOW + 3600,
        });
        let claims: JWTClaims<serde_json::Value> = serde_json::from_value(claims).ok()?;
        let bearer = format!("Bearer {}", key.sign(claims).ok()?);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(bearer).ok()?);
        for (name, value) in [
            (header::IF_NONE_MATCH, r#""706bfd0a", W/"812c""#),
            (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (header::RANGE, "bytes=1000-1999"),
            (header::ORIGIN, "https://app.example.com"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let path = |n| {
            format!(
                "[[public.paths]]\nmatch = \"departments/{n}/**\"\nread = \"role:head-of-{n}\"\n"
            )
        };
        let paths = (0..100).map(path).collect::<String>();
        let paths = Policy::parse(&[document.as_str(), &paths].concat()).ok()?;
        Some(Self {
            policy: Policy::parse(&document).ok()?,
            remembered: paths.to_bytes(),
            paths,
            document,
            headers,
            memo: Known::default(),
        })
    }

    fn caller(&self, memo: &Known) -> Option<Caller> {
        let imports = token::Imports {
            secrets: &|_| None,
            fetch: &|_, _| Ok(vec![]),
            memo,
            tell: &|_| (),
        };
        token::authenticate(&self.headers, &self.policy, &imports, NOW).ok()
    }
}

type Part = (&'static str, fn(&Given));

const PARTS: [Part; 13] =
    [
        ("route of a download", |_| {
            let target = black_box("/v1/public/files/2026/caf%C3%A9/photo.jpg?download");
            let _ = black_box(Route::parse(&Method::GET, target));
        }),
        ("policy, parsed", |given| {
            let _ = black_box(Policy::parse(black_box(&given.document)));
        }),
        ("policy as built in, parsed", |_| {
            let _ = black_box(Policy::parse(black_box(include_str!("../policy.toml"))));
        }),
        ("token, remembered", |given| {
            black_box(black_box(given).caller(&given.memo));
        }),
        ("token, verified (EdDSA)", |given| {
            black_box(black_box(given).caller(&Known::default()));
        }),
        ("permit to read, anonymous", |given| {
            let name = Name::new("photo.jpg");
            let _ = black_box(name.and_then(|name| {
                permit::read(&given.policy, &Caller::Anonymous, Area::Public, name)
            }));
        }),
        ("permit to read, 100 paths", |given| {
            let name = Name::new("photo.jpg");
            let _ = black_box(name.and_then(|name| {
                permit::read(&given.paths, &Caller::Anonymous, Area::Public, name)
            }));
        }),
        ("policy of 100 paths, remembered", |given| {
            // The copy stands for what the host hands over.
            let remembered = black_box(given.remembered.clone());
            let _ = black_box(Policy::from_bytes(remembered));
        }),
        ("conditions", |given| {
            let _ = black_box(conditions::conditions(black_box(&given.headers)));
        }),
        ("range", |given| {
            let _ = black_box(range::span(black_box(&given.headers)));
        }),
        ("query of a list", |_| {
            let query = black_box("prefix=2026/caf%C3%A9/&delimiter=/&limit=50");
            let _ = black_box(ListQuery::parse(query));
        }),
        ("Content-Disposition", |_| {
            let name = black_box("résumé 2026.pdf");
            black_box(disposition::for_download(name, false, None));
        }),
        ("fields of CORS", |given| {
            let origin = black_box(&given.headers).get("origin");
            let fields = coffer_cors::response_fields(given.policy.origins().listed(), origin);
            black_box(fields.len());
        }),
    ];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = arguments.as_slice() else {
        PARTS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let part = PARTS.iter().find(|(known, _)| known == name);
    let (Some((_, part)), Ok(times), Some(given)) = (part, times.parse::<u32>(), Given::new())
    else {
        return ExitCode::FAILURE;
    };
    // If the token were refused, the measurement would be meaningless.
    if given.caller(&given.memo).is_none() {
        return ExitCode::FAILURE;
    }
    (0..times).for_each(|_| part(&given));
    ExitCode::SUCCESS
}
