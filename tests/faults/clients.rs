//! Clients that read slowly or never, and a thousand that are silent.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use storage::{pool::connect, testing};
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue};

use crate::{program::Program, telemetry::generated};

fn figure(server: &Program, line: &str) -> f64 {
    let figures = server.get("/metrics").body;
    let value = figures.lines().find_map(|found| found.strip_prefix(line));
    value
        .unwrap_or_else(|| panic!("{line}\n{figures}"))
        .trim()
        .parse()
        .expect("a number")
}

fn memory(server: &Program) -> f64 {
    figure(server, "process_resident_memory_bytes ") / 1_048_576.0
}

/// Sends a request and reads nothing of the answer.
fn begin(server: &Program, token: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).expect("it listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ApiToken {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it is sent");
    stream
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn clients_that_do_not_read_hold_nothing_that_others_need() {
    let (url, token) = generated("clinigraph_slow_reader");
    let mut conn = connect(&url).expect("it answers");
    // Enough that no buffer on the way holds it all.
    testing::execute(
        &mut conn,
        "UPDATE singleevent SET eventdatavalues = eventdatavalues || jsonb_build_object('longAAAAAAA', jsonb_build_object('value', repeat('x', 20000)))",
    );
    let program = testing::rows(&mut conn, "SELECT uid FROM program WHERE code = 'OPD'")[0]["uid"]
        .as_str()
        .expect("a uid")
        .to_owned();
    let settings = [
        ("CLINIGRAPH_POOL_SIZE", "2"),
        ("CLINIGRAPH_CHECKOUT_TIMEOUT", "120"),
    ];
    let server = Program::serve(&url, &settings);
    server.until_ready();
    let path = format!(
        "/api/tracker/events?program={program}&orgUnitMode=ALL&paging=false&fields=event,dataValues[dataElement,value]"
    );
    let read_all = |mut stream: TcpStream, pause: Duration| {
        let (mut whole, mut piece) = (Vec::new(), vec![0; 1 << 20]);
        loop {
            let read = stream.read(&mut piece).expect("the answer goes on");
            if read == 0 {
                let text = String::from_utf8(whole).expect("text");
                assert!(text.ends_with("\r\n0\r\n\r\n"), "it was cut off");
                // The head tells how long it took, in as many digits as that needs.
                return text.split_once("\r\n\r\n").expect("a head").1.to_owned();
            }
            whole.extend_from_slice(&piece[..read]);
            thread::sleep(pause);
        }
    };
    let whole = read_all(begin(&server, &token, &path), Duration::ZERO);
    assert!(
        whole.len() > 8 << 20,
        "{} bytes are too few to tell",
        whole.len()
    );
    let before = memory(&server);
    let silent: Vec<TcpStream> = (0..20).map(|_| begin(&server, &token, &path)).collect();
    let slow = begin(&server, &token, &path);
    let began = Instant::now();
    while figure(
        &server,
        "clinigraph_database_connections{state=\"in_use\"} ",
    ) > 0.0
    {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "a connection waits for a client"
        );
        thread::sleep(Duration::from_millis(200));
    }
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(
            server.ask(&token, "{ me { username } }", json!({})).status,
            200
        );
    }
    let time = began.elapsed();
    let during = memory(&server);
    let slowly = read_all(slow, Duration::from_millis(20));
    assert!(whole == slowly, "who reads slowly gets it all");
    drop(silent);
    println!(
        "20 clients that never read an export of {} MB: {before:.0} MiB before, {during:.0} MiB meanwhile, 20 other requests in {time:?}",
        whole.len() >> 20
    );
    // A batch each, and what the allocator keeps.
    assert!(during - before < 150.0);
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn a_thousand_idle_sockets() {
    let own = std::process::id().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &own, "--nofile=8192:"])
        .status();
    println!(
        "limit of open files raised: {}",
        raised.is_ok_and(|status| status.success())
    );
    let (url, token) = generated("clinigraph_idle");
    let server = Program::serve(&url, &[("CLINIGRAPH_SOCKETS", "1000")]);
    server.until_ready();
    let before = memory(&server);
    let open = || {
        let mut request = format!("ws://{}/graphql", server.address)
            .into_client_request()
            .expect("a request");
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static("graphql-transport-ws"),
        );
        let stream = TcpStream::connect(&server.address).expect("it listens");
        tungstenite::client(request, stream)
            .map(|(socket, _)| socket)
            .map_err(|error| error.to_string())
    };
    let mut sockets: Vec<_> = (0..1000).map(|_| {
        let mut socket = open().expect("a socket");
        let init = json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
        socket.send(Message::text(init.to_string())).expect("it is sent");
        assert!(socket.read().expect("an answer").to_text().expect("text").contains("connection_ack"));
        socket
    }).collect();
    assert!(open().is_err(), "one more is refused");
    thread::sleep(Duration::from_secs(5));
    let during = memory(&server);
    let began = Instant::now();
    assert_eq!(
        server.ask(&token, "{ me { username } }", json!({})).status,
        200
    );
    println!(
        "1,000 idle sockets: {before:.0} MiB before, {during:.0} MiB with them, a request took {:?}",
        began.elapsed()
    );
    assert_eq!(figure(&server, "clinigraph_sockets_open "), 1000.0);
    sockets[999]
        .send(Message::text(json!({ "type": "ping" }).to_string()))
        .expect("it is sent");
    assert!(
        sockets[999]
            .read()
            .expect("an answer")
            .to_text()
            .expect("text")
            .contains("pong")
    );
    drop(sockets);
    let began = Instant::now();
    while figure(&server, "clinigraph_sockets_open ") > 0.0 {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "places are not given back"
        );
        thread::sleep(Duration::from_millis(100));
    }
    assert!(open().is_ok(), "there is room again");
    assert!(during - before < 200.0);
}
