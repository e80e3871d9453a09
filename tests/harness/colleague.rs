//! A colleague who changes a record in the service while a file is being worked on.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Server;
use super::work::{PASSWORD, USER};

impl Server {
    /// Changes a record of the service, as somebody else does who works there: `path` such as `users/50001`, `body` as JSON.
    #[track_caller]
    pub fn change(&self, path: &str, body: &str) {
        let login = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let mut stream = TcpStream::connect(self.address()).unwrap();
        write!(
            stream,
            "PUT /api/v1/{path}.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
