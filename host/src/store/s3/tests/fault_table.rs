//! Every fault at every request: what the client gets, and what is in the bucket
//! afterwards.

use super::service::Fault;
use super::*;
use crate::store::ListOptions;

/// How many cells are tried at the same time, most of which wait: with more, a slow machine would
/// add timeouts of its own.
const AT_ONCE: usize = 32;

/// What goes wrong.
const FAULTS: [&str; 12] = [
    "latency",
    "reset",
    "cut",
    "stall",
    "503 at 30 %",
    "503 at 60 %",
    "flipped bit",
    "truncated",
    "lost answer",
    "error in 200",
    "redirect",
    "clock skew",
];

/// The request that it happens to.
#[derive(Debug, Clone, Copy)]
enum Request {
    Get,
    LargeGet,
    WholeRange,
    RangedGet,
    Put,
    Part,
    Complete,
    List,
    Delete,
    DeleteMany,
    Copy,
    CopyPart,
    Amend,
}

use Request::*;

/// A request, its outcome with any fault, and the faults with another: `outcome bucket`.
/// The outcome is `ok`, an error's kind, `broken` where a download began and ended badly, or
/// `damaged` where it ended well with a byte that is another; the bucket has the `old` file,
/// the `new` one, or `none`.
type Row = (
    Request,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const TABLE: [Row; 13] = [
    (
        Get,
        "ok old",
        &[
            ("flipped bit", "broken old"),
            ("truncated", "broken old"),
            ("error in 200", "unavailable old"),
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        LargeGet,
        "ok old",
        &[
            ("flipped bit", "broken old"),
            ("truncated", "broken old"),
            ("error in 200", "unavailable old"),
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        WholeRange,
        "ok old",
        &[
            ("flipped bit", "broken old"),
            ("error in 200", "unavailable old"),
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        RangedGet,
        "ok old",
        &[
            // Checksums are of whole files.
            ("flipped bit", "damaged old"),
            ("error in 200", "unavailable old"),
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        Put,
        "ok new",
        &[
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        Part,
        "ok new",
        &[
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        Complete,
        "ok new",
        &[
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        List,
        "ok old",
        &[
            ("flipped bit", "unavailable old"),
            ("truncated", "unavailable old"),
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        Delete,
        "ok none",
        &[
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        DeleteMany,
        "ok none",
        &[
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
    (
        // Of the copy.
        Request::Copy,
        "ok old",
        &[
            ("redirect", "unavailable none"),
            ("clock skew", "misconfigured none"),
        ],
    ),
    (
        CopyPart,
        "ok old",
        &[
            ("flipped bit", "unavailable none"),
            ("redirect", "unavailable none"),
            ("clock skew", "misconfigured none"),
        ],
    ),
    (
        Amend,
        "ok old",
        &[
            ("redirect", "unavailable old"),
            ("clock skew", "misconfigured old"),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_request_leaves_a_whole_version() {
    let cells = TABLE.iter().flat_map(|(request, mostly, but)| {
        let faults = FAULTS.iter().filter(move |fault| !request.outlasts(fault));
        faults.map(move |fault| async move {
            let exception = but.iter().find(|(name, _)| name == fault);
            let expected = exception.map_or(*mostly, |(_, outcome)| outcome);
            let found = request.with(fault).await;
            (found != expected).then(|| format!("{request:?}, {fault}: {found}, not {expected}"))
        })
    });
    let cells = stream::iter(cells).buffer_unordered(AT_ONCE);
    let wrong: Vec<String> = cells.filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Request {
    /// The beginning of its line.
    fn line(self) -> &'static str {
        match self {
            Get | LargeGet | WholeRange | RangedGet => "GET /files/f",
            Put => "PUT /files/f?x-id=PutObject",
            Part => "PUT /files/f?x-id=UploadPart",
            Complete => "POST /files/f?uploadId",
            List => "GET /files",
            Delete => "DELETE /files/f?x-id=DeleteObject",
            DeleteMany => "POST /files/?delete",
            Request::Copy => "PUT /files/g?x-id=CopyObject",
            CopyPart => "PUT /files/g?x-id=UploadPartCopy",
            Amend => "PUT /files/f?x-id=CopyObject",
        }
    }

    /// Whether it is waited for until its attempt times out, after two minutes: how long a service
    /// takes to copy is its own affair.
    fn outlasts(self, fault: &str) -> bool {
        fault == "stall" && matches!(self, Request::Copy | Amend)
    }

    /// The file that counts afterwards.
    fn file(self) -> &'static str {
        match self {
            Request::Copy | CopyPart => "g",
            _ => "f",
        }
    }

    /// The outcome with this fault.
    async fn with(self, fault: &str) -> String {
        let service = S3Service::start();
        let store = match self {
            CopyPart => store_of_parts(&service).await,
            _ => store_on(&service).await,
        };
        let (old, new) = (self.content(1), self.content(2));
        put(&store, "f", &old).await.expect("stored");
        for (times, fault) in self.faults(fault) {
            service.fail(self.line(), times, fault);
        }
        let outcome = self.run(&store, &old, &new).await;
        service.recover();
        store.close().await;
        let left = match read(&store, self.file(), Span::All).await {
            Ok(bytes) if bytes == old => "old",
            Ok(bytes) if bytes == new => "new",
            Ok(_) => "damaged",
            Err(Error::NotFound) => "none",
            Err(_) => "unreadable",
        };
        match service.unfinished() {
            0 => format!("{outcome} {left}"),
            count => format!("{outcome} {left} {count} unfinished"),
        }
    }

    /// Larger than a part where that matters.
    fn content(self, first: u8) -> Vec<u8> {
        let size = match self {
            LargeGet | Part | Complete | CopyPart => 9 << 20,
            _ => 1 << 20,
        };
        let mut content = vec![0; size];
        content[0] = first;
        content
    }

    fn faults(self, name: &str) -> Vec<(usize, Fault)> {
        let always = usize::MAX;
        let busy = || Fault::Status(503, "SlowDown");
        match name {
            "latency" => vec![(always, Fault::Late(Duration::from_millis(100)))],
            "reset" => vec![(1, Fault::Closed)],
            "cut" => vec![(1, Fault::Torn(100))],
            "stall" => vec![(1, Fault::Stalled(100))],
            "503 at 30 %" => vec![(1, busy()), (2, Fault::Fine), (1, busy())],
            // Three in all, since parts are sent at the same time and one may meet with each.
            "503 at 60 %" => {
                vec![(1, busy()), (1, Fault::Fine), (2, busy()), (1, Fault::Fine)]
            }
            "flipped bit" => vec![(1, Fault::Flipped(50))],
            "truncated" => vec![(1, Fault::Truncated(100))],
            "lost answer" => vec![(1, Fault::Lost)],
            "error in 200" => vec![(1, Fault::Status(200, "InternalError"))],
            "redirect" => vec![(1, Fault::Status(307, "TemporaryRedirect"))],
            "clock skew" => vec![(1, Fault::Status(403, "RequestTimeTooSkewed"))],
            other => panic!("{other}?"),
        }
    }

    async fn run(self, store: &S3Store, old: &[u8], new: &[u8]) -> &'static str {
        match self {
            Get | LargeGet | WholeRange | RangedGet => {
                let (span, from) = match self {
                    WholeRange => (Span::From(0), 0),
                    RangedGet => (Span::From(10), 10),
                    _ => (Span::All, 0),
                };
                let options = OpenOptions {
                    span,
                    if_range: None,
                    may_read: Guard::Any,
                    conditions: Conditions::default(),
                };
                let opened = match store.open(&key("f"), options).await {
                    Ok(opened) => opened,
                    Err(error) => return kind(&error),
                };
                let length = opened.length;
                let chunks: Result<Vec<Bytes>, Error> = opened.body.here().try_collect().await;
                match chunks {
                    Ok(chunks) if chunks.concat() == old[from..] => "ok",
                    Ok(chunks) if chunks.concat().len() as u64 == length => "damaged",
                    Ok(_) => "short",
                    Err(_) => "broken",
                }
            }
            Put | Part | Complete => match put(store, "f", new).await {
                Ok(stored) if stored.replaced => "ok",
                Ok(_) => "created",
                Err(error) => kind(&error),
            },
            List => {
                let options = ListOptions {
                    prefix: String::new(),
                    delimiter: None,
                    after: None,
                    limit: 10,
                };
                match store.list(options).await {
                    Ok(listing) if listing.entries.len() == 1 && !listing.more => "ok",
                    Ok(_) => "wrong",
                    Err(error) => kind(&error),
                }
            }
            Delete => {
                let removed = store
                    .remove(&key("f"), &Guard::Any, &Conditions::default())
                    .await;
                match removed {
                    Ok(()) => "ok",
                    Err(error) => kind(&error),
                }
            }
            DeleteMany => {
                let keys = [key("f"), key("none")];
                let removed = store.remove_many(&keys, &Guard::Any).await;
                match removed.into_iter().find_map(Result::err) {
                    None => "ok",
                    Some(error) => kind(&error),
                }
            }
            Request::Copy | CopyPart => {
                let etag = stat(store, "f").await.expect("there").etag;
                match copy(store, copying("f", &etag, "g")).await {
                    Ok(stored) if stored.replaced => "replaced",
                    Ok(_) => "ok",
                    Err(error) => kind(error.error()),
                }
            }
            Amend => {
                let amendment = Amendment {
                    content_type: Some("a/b".into()),
                    metadata: None,
                };
                let (key, unconditional) = (key("f"), Conditions::default());
                let amended = store.amend(&key, &Guard::Any, &unconditional, amendment);
                match amended.await {
                    Ok(info) if info == stat(store, "f").await.expect("there") => "ok",
                    Ok(_) => "wrong",
                    Err(error) => kind(&error),
                }
            }
        }
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "not-found",
        Error::PreconditionFailed => "precondition-failed",
        Error::Unavailable(_) => "unavailable",
        Error::Misconfigured(_) => "misconfigured",
        _ => "another",
    }
}
