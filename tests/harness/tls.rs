//! An HTTPS server with a certificate that nobody vouches for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::PrivateKeyDer;

/// Refuses whatever it is asked, and tells how many requests it could read.
pub struct Tls {
    pub address: SocketAddr,
    pub certificate: String,
    requests: Arc<AtomicUsize>,
}

impl Tls {
    pub fn start(host: &str) -> Tls {
        Tls::with(rcgen::CertificateParams::new([host.to_owned()]).unwrap())
    }

    /// With a certificate that signs itself and says this.
    pub fn with(parameters: rcgen::CertificateParams) -> Tls {
        Tls::at("127.0.0.1:0", parameters)
    }

    /// At an address of this machine.
    pub fn at(address: &str, parameters: rcgen::CertificateParams) -> Tls {
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let cert = parameters.self_signed(&signing_key).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (config, requests) = (Arc::new(config), Arc::new(0.into()));
        let counter: Arc<AtomicUsize> = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, counter) = (Arc::clone(&config), Arc::clone(&counter));
                std::thread::spawn(move || answer_over_tls(config, stream, &counter));
            }
        });
        Tls { address, certificate: cert.pem(), requests }
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn answer_over_tls(config: Arc<rustls::ServerConfig>, stream: TcpStream, requests: &AtomicUsize) {
    let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), stream);
    let mut buffer = [0; 65536];
    while let Ok(1..) = stream.read(&mut buffer) {
        requests.fetch_add(1, Ordering::Relaxed);
        let body = r#"{"errcode":"7","errmsg":"no"}"#;
        let _ = write!(stream, "HTTP/1.1 422 no\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    }
}
