//! A small HTTP server that answers as a test says: what gives out credentials.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its method and path.
    pub line: String,
    /// Its header fields, in small letters.
    pub fields: String,
    /// Its body.
    pub body: String,
}

type Answer = dyn Fn(&Asked) -> (u16, String) + Send + Sync;

/// A server that runs as long as the tests do.
pub struct Mock {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Mock {
    /// Starts one that answers this.
    pub fn start(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (answer, record): (Arc<Answer>, _) = (Arc::new(answer), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, record) = (Arc::clone(&answer), Arc::clone(&record));
                thread::spawn(move || serve(stream, &*answer, &record));
            }
        });
        Self { address, asked }
    }

    /// `ADDR:PORT`
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDR:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request, then the connection is closed.
fn serve(stream: TcpStream, answer: &Answer, record: &Mutex<Vec<Asked>>) {
    let mut lines = BufReader::new(&stream);
    let mut asked = Asked::default();
    let mut first = String::new();
    if lines.read_line(&mut first).is_err() {
        return;
    }
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap_or_default());
    // By a proxy, a target has a host.
    let path = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    asked.line = format!("{method} {path}");
    let mut length = 0;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
        asked
            .fields
            .push_str(&format!("{}:{value}", name.to_lowercase()));
    }
    let mut body = vec![0; length];
    if lines.read_exact(&mut body).is_err() {
        return;
    }
    asked.body = String::from_utf8(body).unwrap();
    let (status, text) = answer(&asked);
    record.lock().unwrap().push(asked);
    // Sessions of instances have a lifetime. The client may be gone.
    let _ = write!(
        &stream,
        "HTTP/1.1 {status} Mock\r\nContent-Length: {}\r\nConnection: close\r\n\
         X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 600\r\n\r\n{text}",
        text.len()
    );
}
