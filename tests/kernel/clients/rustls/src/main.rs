// POSTs a file over TLS through rustls, over the ring that its crates bring.
//
// rustls_client [--chacha20] [--tls1.2] URL FILE ANSWER_BYTES
use std::convert::TryFrom;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::{ServerCertVerified, ServerCertVerifier};
use rustls::{
    Certificate, ClientConfig, ClientConnection, Error, ServerName, StreamOwned,
    SupportedCipherSuite, ALL_CIPHER_SUITES, ALL_VERSIONS,
};

/// The server is the test's own.
struct TrustAnyone;

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _: &Certificate,
        _: &[Certificate],
        _: &ServerName,
        _: &mut dyn Iterator<Item = &[u8]>,
        _: &[u8],
        _: SystemTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
}

fn configuration(chacha20: bool, tls12: bool) -> ClientConfig {
    let suites: Vec<SupportedCipherSuite> = ALL_CIPHER_SUITES
        .iter()
        .copied()
        .filter(|suite| format!("{:?}", suite.suite()).contains("CHACHA20") == chacha20)
        .collect();
    let versions: Vec<&'static rustls::SupportedProtocolVersion> = ALL_VERSIONS
        .iter()
        .copied()
        .filter(|version| !tls12 || format!("{:?}", version.version).contains("1_2"))
        .collect();
    ClientConfig::builder()
        .with_cipher_suites(&suites)
        .with_safe_default_kx_groups()
        .with_protocol_versions(&versions)
        .expect("versions")
        .with_custom_certificate_verifier(Arc::new(TrustAnyone))
        .with_no_client_auth()
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut option = |name: &str| {
        let before = arguments.len();
        arguments.retain(|argument| argument != name);
        arguments.len() < before
    };
    let config = configuration(option("--chacha20"), option("--tls1.2"));
    let url = arguments[0].strip_prefix("https://").expect("https");
    let (authority, path) = url.split_once('/').expect("a path");
    let body = std::fs::read(&arguments[1]).expect("the body");
    let wanted: usize = arguments[2].parse().expect("a number");

    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let socket = TcpStream::connect(authority).expect("a server");
    let mut stream = StreamOwned::new(connection, socket);
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head");
    stream.write_all(&body).expect("the body");
    stream.flush().expect("the body");

    let mut answer = Vec::new();
    // A server may close without close_notify: its length says whether all of it came.
    let _ = stream.read_to_end(&mut answer);
    let at = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an answer");
    let got = answer.len() - at - 4;
    if got != wanted {
        eprintln!("{got} bytes of answer, {wanted} expected");
        std::process::exit(1);
    }
}
