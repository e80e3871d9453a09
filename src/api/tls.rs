//! Whose certificates are trusted: those the system trusts and, beside them, those that a file names: as roots, and each for
//! itself, as a host that made its own certificate shows that very one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::certificate;
use crate::error::{Error, Result};
use crate::files;
use crate::message;
use crate::message::Message;
use crate::pipes;

/// TLS that accepts what the system trusts and, beside it, what a file names.
///
/// # Errors
/// A file without a certificate, or a machine whose TLS cannot be set up.
pub(super) fn trusting(ca_cert: Option<&Path>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let named = ca_cert.map(certificates).transpose()?.unwrap_or_default();
    let of_system = Verifier::new_with_extra_roots(named.clone(), Arc::clone(&provider)).map_err(no_client)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(named.iter().cloned());
    // Without a root there is nothing to verify by, and nothing named.
    let of_file = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().ok();
    let verifier = NamedOrTrusted { of_system, of_file, named };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder
        .map_err(no_client)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS for a host that is not spoken to over TLS. A file that is named all the same is looked at: whoever tries an address on
/// this machine first would learn only on the real one that the file is none.
///
/// # Errors
/// A file without a certificate, or a machine whose TLS cannot be set up.
pub(super) fn trusting_nobody(ca_cert: Option<&Path>) -> Result<ClientConfig> {
    ca_cert.map(certificates).transpose()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(no_client)?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Trusts what the system trusts, and a certificate that the user named byte for byte while it is valid for the host.
#[derive(Debug)]
struct NamedOrTrusted {
    of_system: Verifier,
    of_file: Option<Arc<WebPkiServerVerifier>>,
    named: Vec<CertificateDer<'static>>,
}

/// The certificate of nobody that is trusted.
#[derive(Debug)]
pub(super) struct UnknownIssuer {
    /// Who issued it, or the last one of what was shown with it.
    pub name: String,
    /// A file with certificates was named.
    pub is_file_named: bool,
}

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl std::error::Error for UnknownIssuer {}

impl NamedOrTrusted {
    /// An error about an unknown issuer with that one's name, by which people know whose certificate is missing.
    fn with_issuer(
        &self,
        why: rustls::Error,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> rustls::Error {
        let rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) = why else { return why };
        let last = intermediates.last().unwrap_or(end_entity);
        let Some(name) = certificate::issuer(last) else { return why };
        let unknown = UnknownIssuer { name, is_file_named: !self.named.is_empty() };
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(unknown))))
    }
}

impl ServerCertVerifier for NamedOrTrusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let trusted = self.of_system.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        let trusted = trusted.map_err(|why| self.with_issuer(why, end_entity, intermediates));
        let (Err(_), Some(of_file)) = (&trusted, &self.of_file) else { return trusted };
        if !self.named.iter().any(|named| named == end_entity) {
            return trusted;
        }
        match of_file.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // The time was looked at before these are found, the name was not.
            Err(rustls::Error::InvalidCertificate(why)) if is_about_its_issuer(&why) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            named => named,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.of_system.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.of_system.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.of_system.supported_verify_schemes()
    }
}

/// Whether a certificate is only not accepted because of who issued it, or because it may issue others itself.
fn is_about_its_issuer(why: &CertificateError) -> bool {
    *why == CertificateError::UnknownIssuer || is_authority(why)
}

/// Whether a certificate was issued for something else than a host to show.
pub(super) fn is_of_another_purpose(why: &CertificateError) -> bool {
    matches!(why, CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. })
        || format!("{why:?}").contains("EkuError")
}

/// Whether a host shows the certificate of an authority as its own, as `openssl req -x509` makes it.
pub(super) fn is_authority(why: &CertificateError) -> bool {
    format!("{why:?}").contains("CaUsedAsEndEntity")
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bad = |why: Message| {
        Error::usage(message!("api.bad_certificate", file = path.display(), why = why))
            .hint(message!("api.bad_certificate_hint"))
    };
    pipes::refuse_device(path)?;
    let bytes = std::fs::read(path).map_err(|error| {
        let error = files::explained(path, error);
        Error::usage(message!("api.bad_certificate", file = path.display(), why = error))
            .hint(message!("api.no_certificate_file_hint"))
    })?;
    let text = plain_text(&bytes);
    let mut found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(std::result::Result::ok).collect();
    if found.is_empty() {
        // Programs on Windows write certificates as bytes; what is copied out of a page has no first and last line.
        let is_bytes = bytes.first() == Some(&0x30);
        let copied = || STANDARD.decode(text.split_whitespace().collect::<String>()).ok();
        found.extend(if is_bytes { Some(bytes) } else { copied() }.map(CertificateDer::from));
    }
    // Bundles hold odd ones that nobody needs.
    found.retain(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
    match found.is_empty() {
        true => Err(bad(what_else(&text))),
        false => Ok(found),
    }
}

/// What a file is that holds no certificate.
fn what_else(text: &str) -> Message {
    let has = |label: &str| text.contains(label);
    match () {
        () if text.trim().is_empty() => message!("api.certificate_empty"),
        () if has("CERTIFICATE REQUEST-----") => message!("api.certificate_request"),
        () if has("-----BEGIN CERTIFICATE-----") => message!("api.certificate_broken"),
        () if has("PRIVATE KEY-----") => message!("api.certificate_key"),
        () if text.trim_start().starts_with('<') => message!("api.certificate_page"),
        () => message!("api.no_certificate"),
    }
}

/// A text as PEM wants it: without a byte order mark, in UTF-16 or not, and without the spaces that mails and pages put before its
/// lines. Nothing of what is no text.
fn plain_text(bytes: &[u8]) -> String {
    let by_mark = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = by_mark.unwrap_or(match bytes {
        [_, 0, ..] => UTF_16LE,
        [0, _, ..] => UTF_16BE,
        _ => UTF_8,
    });
    let (text, ..) = encoding.decode(bytes);
    text.lines().flat_map(|line| [line.trim(), "\n"]).collect()
}

fn no_client(why: rustls::Error) -> Error {
    Error::cannot_run(message!("api.no_client", why = why))
}
