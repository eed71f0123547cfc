//! How the service is reached: proxies and certificates, as the environment says.
//!
//! The variables are those that other tools of AWS and curl read, so a host needs no settings of
//! its own for them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Max idle connections kept for later requests.
const IDLE_CONNECTIONS: usize = 256;
/// Idle timeout of connections; services close theirs after 20 s or more.
const IDLE: Duration = Duration::from_secs(15);

/// Proxies by scheme, and for all.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];
/// The certificates to trust, in place of the system's.
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Why the environment's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A proxy that would be passed by.
    #[error("{0} is not an http or https URL of a proxy")]
    Proxy(&'static str),
    /// No such file.
    #[error("cannot read the certificates in {CA_BUNDLE} ({file}): {source}")]
    Unreadable {
        /// The file's name.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that would make no server trusted.
    #[error("{CA_BUNDLE} ({0}) contains no PEM certificate, or a damaged one")]
    NoCertificates(PathBuf),
}

/// Directly and with the system's certificates, unless the environment says otherwise.
#[derive(Debug, Clone, Default)]
pub(super) struct Network {
    /// Whether there is a proxy for some requests.
    proxies: bool,
    /// Certificates to trust in place of the system's, in the PEM format.
    trusted: Option<Vec<u8>>,
}

impl Network {
    /// As the environment says.
    ///
    /// # Errors
    /// See [`NetworkError`].
    pub(super) fn from_env() -> Result<Self, NetworkError> {
        let mut proxies = false;
        for name in PROXIES {
            match std::env::var_os(name) {
                Some(value) if !value.is_empty() => {
                    let known = value.to_str().is_some_and(is_proxy);
                    proxies |= known.then_some(true).ok_or(NetworkError::Proxy(name))?;
                }
                _ => {}
            }
        }
        let bundle = std::env::var_os(CA_BUNDLE).filter(|file| !file.is_empty());
        let trusted = bundle.map(|file| read(file.into())).transpose()?;
        Ok(Self { proxies, trusted })
    }

    /// The SDK's client for HTTP, which credentials are fetched with too.
    pub(super) fn client(&self) -> SharedHttpClient {
        let network = self.clone();
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .tls_provider(Provider::Rustls(CryptoMode::Ring));
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            // Without one, no request pays for looking at the rules.
            if network.proxies {
                connector.set_proxy_config(Some(ProxyConfig::from_env()));
            }
            if let Some(context) = network.trusting() {
                connector.set_tls_context(context);
            }
            connector.build()
        })
    }

    fn trusting(&self) -> Option<TlsContext> {
        let trusted = self.trusted.clone()?;
        let store = TrustStore::empty().with_pem_certificate(trusted);
        TlsContext::builder().with_trust_store(store).build().ok()
    }
}

/// Whether it is one that the client for HTTP can use: it passes others by without a word.
fn is_proxy(text: &str) -> bool {
    let text = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let Ok(url) = text.parse::<http::Uri>() else {
        return false;
    };
    matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|h| !h.is_empty())
}

/// Reads certificates, and checks them: the client for HTTP panics on one that it cannot read.
fn read(file: PathBuf) -> Result<Vec<u8>, NetworkError> {
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(source) => return Err(NetworkError::Unreadable { file, source }),
    };
    match is_bundle(&bytes) {
        true => Ok(bytes),
        false => Err(NetworkError::NoCertificates(file)),
    }
}

fn is_bundle(bytes: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bytes) {
        let added = certificate.map(|certificate| roots.add(certificate));
        if !matches!(added, Ok(Ok(()))) {
            return false;
        }
    }
    !roots.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_that_would_be_passed_by_are_refused() {
        for proxy in [
            "http://proxy:3128",
            "https://user:secret@proxy.example",
            "proxy.example:3128",
            "http://[::1]:3128/",
        ] {
            assert!(is_proxy(proxy), "{proxy}");
        }
        for proxy in [
            "socks5://proxy:1080",
            "ftp://proxy",
            "http://",
            "a b",
            "://",
        ] {
            assert!(!is_proxy(proxy), "{proxy}");
        }
    }

    #[test]
    fn a_bundle_has_certificates_and_nothing_damaged() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "no certificate", certificate, &certificate[..40]] {
            assert!(!is_bundle(text.as_bytes()), "{text}");
        }
    }
}
