//! The S3 engine in place of the local one: on a service in memory, or on another one that
//! `COFFER_TEST_S3_ENDPOINT`, `COFFER_TEST_S3_BUCKET` and `COFFER_TEST_S3_REGION` name, with
//! credentials from the environment.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use super::Setup;
use super::s3_service::{self, S3Service};

/// The bucket of servers on the S3 engine.
pub const BUCKET: &str = "coffer";

/// What a server keeps files in.
pub(super) enum Engine {
    /// Its data directory.
    Local,
    /// A bucket of a service in this process.
    Memory(Arc<S3Service>),
    /// A bucket of another service.
    External,
}

impl Setup {
    /// The engine, whose settings become the server's environment. It is S3 because the
    /// test says so, or because `COFFER_TEST_ENGINE=s3` does for all.
    pub(super) fn engine(&mut self, data: &TempDir) -> Engine {
        let everywhere = std::env::var("COFFER_TEST_ENGINE").is_ok_and(|engine| engine == "s3");
        let external = everywhere.then(|| external(data)).flatten();
        let (engine, settings) = match (self.s3.clone(), external) {
            (None, Some(settings)) => (Engine::External, settings),
            (None, None) if !everywhere => return Engine::Local,
            (chosen, _) => {
                let service = chosen.unwrap_or_else(|| service_of(data));
                let settings = settings(&service).collect();
                (Engine::Memory(service), settings)
            }
        };
        let secret = data.path().join("link-secret");
        std::fs::write(&secret, [b'7'; 32]).unwrap();
        let own = [
            ("COFFER_ENGINE", "s3"),
            ("COFFER_LINK_SECRET_FILE", secret.to_str().unwrap()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.env.splice(0..0, own.into_iter().chain(settings));
        engine
    }
}

/// Where the bucket of another service is, if one is named: in it every data directory
/// has a folder of its own.
fn external(data: &TempDir) -> Option<Vec<(String, String)>> {
    let endpoint = std::env::var("COFFER_TEST_S3_ENDPOINT").ok()?;
    let given = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name}?"));
    let folder = data.path().file_name().unwrap().to_str().unwrap();
    let settings = [
        ("COFFER_S3_ENDPOINT", endpoint),
        ("COFFER_S3_BUCKET", given("COFFER_TEST_S3_BUCKET")),
        ("COFFER_S3_REGION", given("COFFER_TEST_S3_REGION")),
        ("COFFER_S3_PREFIX", folder.trim_matches('.').to_owned()),
        ("COFFER_S3_PATH_STYLE", "true".to_owned()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    Some(settings.into())
}

/// The bucket's settings, the same on every platform.
pub(super) fn settings(service: &S3Service) -> impl Iterator<Item = (String, String)> {
    let url = service.url();
    [
        ("COFFER_S3_BUCKET", BUCKET),
        ("COFFER_S3_ENDPOINT", &url),
        ("COFFER_S3_PATH_STYLE", "true"),
        ("AWS_ACCESS_KEY_ID", s3_service::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", s3_service::SECRET_KEY),
        ("AWS_REGION", "us-east-1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into_iter()
}

/// The service in place of a data directory: the same for the same one.
pub(super) fn service_of(data: &TempDir) -> Arc<S3Service> {
    static SERVICES: Mutex<Vec<(PathBuf, Arc<S3Service>)>> = Mutex::new(Vec::new());
    let mut services = SERVICES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, service)) = services.iter().find(|(path, _)| path == data.path()) {
        return service.clone();
    }
    let service = Arc::new(S3Service::start());
    services.push((data.path().to_owned(), service.clone()));
    service
}
