//! Whose certificates are trusted: those the system trusts and, beside them, one that a file names.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;

/// TLS that accepts what the system trusts and, beside it, what a file names.
///
/// # Errors
/// A file without a certificate, or a machine whose TLS cannot be set up.
pub(super) fn trusting(ca_cert: Option<&Path>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = ca_cert.map(certificates).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(no_client)?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder
        .map_err(no_client)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS for a host that is not spoken to over TLS.
///
/// # Errors
/// A machine whose TLS cannot be set up.
pub(super) fn trusting_nobody() -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(no_client)?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bad = |why: Message| Error::usage(message!("api.bad_certificate", file = path.display(), why = why));
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string().into()))?;
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| bad(e.to_string().into()))?;
    if found.is_empty() { Err(bad(message!("api.no_certificate"))) } else { Ok(found) }
}

fn no_client(why: rustls::Error) -> Error {
    Error::cannot_run(message!("api.no_client", why = why))
}
