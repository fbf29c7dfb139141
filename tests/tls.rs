//! TLS of the server itself, with a certificate that is made here.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
    pki_types::ServerName, version::TLS12, version::TLS13,
};
use serde_json::json;
use storage::{pool::connect, testing::fresh_database, tokens};

use crate::program::{Folder, Program, Reply, command, read};

/// Writes a certificate for `localhost` and its key; their paths and what clients trust.
fn certificate(folder: &Path) -> (String, String, RootCertStore) {
    let made = generate_simple_self_signed(["localhost".to_owned()]);
    let CertifiedKey { cert, signing_key } = made.expect("a certificate");
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a root");
    let paths = (
        write("certificate.pem", cert.pem()),
        write("key.pem", signing_key.serialize_pem()),
    );
    (paths.0, paths.1, roots)
}

/// Sends a request over TLS of one version and reads the answer.
fn ask(
    server: &Program,
    roots: &RootCertStore,
    version: &'static rustls::SupportedProtocolVersion,
    text: &str,
) -> std::io::Result<Reply> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(&server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(client, stream);
    stream.write_all(text.as_bytes())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // The end of the connection without a farewell: HTTP tells where the answer ends.
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
        _ => {}
    }
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| std::io::Error::other("no answer"))
}

#[test]
fn a_server_with_a_certificate_speaks_tls_and_nothing_else() {
    let folder = Folder::new("tls");
    let (certificate, key, roots) = certificate(&folder.0);
    let url = fresh_database("clinigraph_tls");
    let token = tokens::create(&mut connect(&url).expect("it answers"), "admin").expect("a token");
    let settings = [
        ("CLINIGRAPH_TLS_CERTIFICATE", certificate.as_str()),
        ("CLINIGRAPH_TLS_KEY", key.as_str()),
    ];
    let server = Program::serve(&url, &settings);
    let body = json!({ "query": "{ me { username } }" }).to_string();
    let question = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for version in [&TLS12, &TLS13] {
        let reply = ask(&server, &roots, version, &question).expect("an answer");
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json()["data"]["me"]["username"], "admin");
        let strict = reply.header("strict-transport-security");
        assert!(
            strict.is_some_and(|value| value.starts_with("max-age=")),
            "{reply:?}"
        );
    }
    // Who does not know the certificate does not go on.
    assert!(ask(&server, &RootCertStore::empty(), &TLS13, &question).is_err());
    // Plain HTTP is no beginning of TLS: the connection is closed, and nothing is answered.
    let mut plain = TcpStream::connect(&server.address).expect("it listens");
    plain
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a limit");
    plain.write_all(question.as_bytes()).expect("it is sent");
    let mut answer = Vec::new();
    match plain.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    assert!(
        !String::from_utf8_lossy(&answer).contains("HTTP/"),
        "{answer:?}"
    );
    assert!(
        ask(&server, &roots, &TLS13, &question).is_ok(),
        "it goes on"
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_at_the_beginning() {
    let folder = Folder::new("tls");
    let (good, key, _) = certificate(&folder.0);
    let other = Folder::new("tls");
    let (_, foreign, _) = certificate(&other.0);
    let empty = folder.0.join("empty.pem");
    fs::write(&empty, "this is no certificate\n").expect("a file");
    let empty = empty.to_str().expect("a path");
    let url = fresh_database("clinigraph_tls_wrong");
    for (certificate, key, words) in [
        (
            "/nowhere/certificate.pem",
            key.as_str(),
            "/nowhere/certificate.pem cannot be read",
        ),
        (
            good.as_str(),
            "/nowhere/key.pem",
            "/nowhere/key.pem cannot be read",
        ),
        (good.as_str(), empty, "empty.pem cannot be read"),
        (empty, key.as_str(), "do not make a TLS server"),
        (good.as_str(), foreign.as_str(), "do not make a TLS server"),
    ] {
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--tls-certificate",
            certificate,
            "--tls-key",
            key,
        ];
        let (code, said) = command(&url, &arguments);
        assert!(code != 0 && said.contains(words), "{code} {said}");
        assert!(
            !said.contains("panicked") && !said.contains("PRIVATE"),
            "{said}"
        );
    }
    let (code, said) = command(
        &url,
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--tls-certificate",
            &good,
        ],
    );
    assert!(code != 0 && said.contains("--tls-key"), "{code} {said}");
}
