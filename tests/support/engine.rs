//! The S3 engine in place of the local one.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use super::Setup;
use super::s3_service::{self, S3Service};

/// The bucket of servers on the S3 engine.
pub const BUCKET: &str = "coffer";

impl Setup {
    /// The environment of the S3 engine, if it is to be used: because the test says so,
    /// or because `COFFER_TEST_ENGINE=s3` does for all.
    pub(super) fn engine(&mut self, data: &TempDir) -> Option<Arc<S3Service>> {
        let everywhere = std::env::var("COFFER_TEST_ENGINE").is_ok_and(|engine| engine == "s3");
        if self.s3.is_none() && everywhere {
            self.s3 = Some(service_of(data));
        }
        let service = self.s3.clone()?;
        let secret = data.path().join("link-secret");
        std::fs::write(&secret, [b'7'; 32]).unwrap();
        let own = [
            ("COFFER_ENGINE", "s3"),
            ("COFFER_LINK_SECRET_FILE", secret.to_str().unwrap()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.env
            .splice(0..0, own.into_iter().chain(settings(&service)));
        Some(service)
    }
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
