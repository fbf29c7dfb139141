//! What is seen of the server from outside: traces, figures, the log of slow statements.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use indicatif::ProgressBar;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
};
use prost::Message;
use serde_json::json;
use storage::{
    generate::{self, Volume},
    pool::connect,
    testing, tokens,
};

use crate::{program::Program, support::TODAY};

/// A database of generated data, and a token for `admin`.
pub fn generated(name: &str) -> (String, String) {
    let url = testing::fresh_database(name);
    let mut conn = connect(&url).expect("the database answers");
    generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &ProgressBar::hidden())
        .expect("the tiny volume loads");
    let token = tokens::create(&mut conn, "admin").expect("a token");
    (url, token)
}

/// A collector of traces.
struct Collector {
    endpoint: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    fn start() -> Self {
        let spans: Arc<Mutex<Vec<Span>>> = Arc::default();
        let kept = Arc::clone(&spans);
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let take = move |body: web::Bytes| {
                    let request = ExportTraceServiceRequest::decode(body).expect("a request");
                    let scopes = request
                        .resource_spans
                        .into_iter()
                        .flat_map(|spans| spans.scope_spans);
                    kept.lock()
                        .expect("spans")
                        .extend(scopes.flat_map(|scope| scope.spans));
                    async { HttpResponse::Ok().finish() }
                };
                let server = HttpServer::new(move || {
                    App::new().route("/v1/traces", web::post().to(take.clone()))
                });
                let server = server
                    .workers(1)
                    .disable_signals()
                    .bind("127.0.0.1:0")
                    .expect("a port");
                sender.send(server.addrs()[0]).expect("an address");
                server.run().await
            })
        });
        let address = receiver.recv().expect("an address");
        Collector {
            endpoint: format!("http://{address}"),
            spans,
        }
    }

    /// The spans of a trace, by the name of each with its parent's.
    fn trace(&self, id: &str) -> Vec<(String, String)> {
        let spans = self.spans.lock().expect("spans");
        let bytes = |id: &[u8]| {
            id.iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let of: Vec<&Span> = spans
            .iter()
            .filter(|span| bytes(&span.trace_id) == id)
            .collect();
        let names: HashMap<&[u8], &str> = of
            .iter()
            .map(|span| (&span.span_id[..], span.name.as_str()))
            .collect();
        let parent = |span: &Span| match names.get(&span.parent_span_id[..]) {
            Some(name) => (*name).to_owned(),
            None => bytes(&span.parent_span_id),
        };
        of.iter()
            .map(|span| (span.name.clone(), parent(span)))
            .collect()
    }

    /// All that was told, as text.
    fn everything(&self) -> String {
        format!("{:?}", self.spans.lock().expect("spans"))
    }
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_trace_holds_request_operation_batches_and_statements_and_no_value() {
    let (url, token) = generated("clinigraph_traces");
    let collector = Collector::start();
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let server = Program::serve(&url, &settings);
    server.until_ready();
    let program = testing::rows(
        &mut connect(&url).expect("it answers"),
        "SELECT uid FROM program WHERE code = 'OPD'",
    );
    let program = program[0]["uid"].as_str().expect("a uid").to_owned();
    let document = "query Page($program: ID!, $text: String!) {
        events(program: $program, first: 3, filter: {dataElements: []}) { nodes { id orgUnit { name } notes { text } } }
        orgUnits(search: $text, first: 1) { nodes { id } } }";
    let document = if server
        .ask(
            &token,
            document,
            json!({ "program": program, "text": "Rosalind" }),
        )
        .json()
        .get("errors")
        .is_some()
    {
        "query Page($program: ID!) { events(program: $program, first: 3) { nodes { id orgUnit { name } notes { text } } } }"
    } else {
        document
    };
    // Who calls is asked anew when the last answer is a second old.
    std::thread::sleep(Duration::from_millis(1200));
    let body =
        json!({ "query": document, "variables": { "program": program, "text": "Rosalind" } })
            .to_string();
    let bearer = format!("Bearer {token}");
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("traceparent", &parent),
    ];
    let reply = server.send("POST /graphql", &headers, &body);
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.header("traceparent").expect("the trace is told");
    assert!(
        answer.starts_with(&format!("00-{TRACE}-")) && answer != parent,
        "{answer}"
    );
    assert_eq!(reply.header("traceresponse"), Some(answer));

    let began = Instant::now();
    let spans = loop {
        let spans = collector.trace(TRACE);
        if spans.iter().any(|(name, _)| name == "POST /graphql") {
            break spans;
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{spans:?}\n{}",
            server.log()
        );
        std::thread::sleep(Duration::from_millis(50));
    };
    let has =
        |name: &str, parent: &str| spans.iter().any(|span| span.0 == name && span.1 == parent);
    assert!(has("POST /graphql", "b7ad6b7169203331"), "{spans:#?}");
    assert!(has("query", "POST /graphql"), "{spans:#?}");
    assert!(has("authenticate", "POST /graphql"), "{spans:#?}");
    let statement = spans.iter().find(|(name, _)| name == "SELECT singleevent");
    let (_, work) = statement.unwrap_or_else(|| panic!("no statement: {spans:#?}"));
    assert!(has(work, "query"), "{work}: {spans:#?}");
    let (_, batch) = spans
        .iter()
        .find(|(name, _)| name.contains("note"))
        .expect("the batch of notes");
    assert!(batch == "query" || has(batch, "query"), "{spans:#?}");
    let everything = collector.everything();
    for secret in ["Rosalind", program.as_str(), token.as_str()] {
        assert!(!everything.contains(secret), "{secret}");
    }
}

#[test]
fn nothing_is_made_for_traces_that_nobody_takes() {
    let (url, token) = generated("clinigraph_no_traces");
    let server = Program::serve(&url, &[]);
    server.until_ready();
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    let reply = server.send("GET /graphql?query=%7Bme%7Busername%7D%7D", &headers, "");
    assert_eq!(
        (reply.status, reply.header("traceparent")),
        (200, None),
        "{reply:?}"
    );
    assert!(!server.log().contains("clinigraph::trace"));
}

#[test]
fn slow_statements_are_logged_with_their_plan_and_without_values() {
    let (url, token) = generated("clinigraph_slow");
    let server = Program::serve(&url, &[("CLINIGRAPH_SLOW_STATEMENT", "1")]);
    server.until_ready();
    let mut conn = connect(&url).expect("it answers");
    // Every look at an event takes its time.
    testing::execute(
        &mut conn,
        "ALTER TABLE singleevent RENAME TO kept;
         CREATE VIEW singleevent AS SELECT kept.* FROM kept, (SELECT pg_sleep(0.02)) s",
    );
    let program = testing::rows(&mut conn, "SELECT uid FROM program WHERE code = 'OPD'");
    let program = program[0]["uid"].as_str().expect("a uid");
    let document =
        "query Slow($program: ID!) { events(program: $program, first: 4) { nodes { id } } }";
    for _ in 0..3 {
        let reply = server.ask(&token, document, json!({ "program": program }));
        assert!(reply.json().get("errors").is_none(), "{reply:?}");
    }
    let began = Instant::now();
    let line = loop {
        let log = server.log();
        let found = log
            .lines()
            .find(|line| line.contains("slow statement") && line.contains("SELECT singleevent"));
        if let Some(line) = found {
            break line.to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{log}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let fields = &line["fields"];
    assert!(fields["milliseconds"].as_u64() >= Some(20), "{line:#}");
    assert!(fields["rows"].as_u64() >= Some(4), "{line:#}");
    let plan = fields["plan"].as_str().expect("a plan");
    assert!(
        plan.contains("kept") && plan.contains("cost=") && plan.contains('$'),
        "{plan}"
    );
    let log = server.log();
    let told = log.lines().filter(|line| line.contains("slow statement"));
    let told = told.filter(|line| line.contains(fields["statement"].as_str().expect("a name")));
    assert_eq!(told.count(), 1, "once a minute: {log}");
    assert!(!log.contains(program) && !log.contains(&token), "{log}");
    let figures = server.get("/metrics").body;
    assert!(
        figures.contains("clinigraph_slow_statements_total{statement=\"")
            && figures.contains("SELECT singleevent\"}"),
        "{figures}"
    );
}

#[test]
fn figures_tell_of_operations_routes_refreshes_and_imports() {
    let (url, token) = generated("clinigraph_figures");
    let mut conn = connect(&url).expect("it answers");
    storage::refresh::run(&mut conn, |_| {}).expect("a refresh");
    let server = Program::serve(&url, &[]);
    server.until_ready();
    server.ask(&token, "query Who { me { username } }", json!({}));
    server.ask(&token, "query Who { me { username } }", json!({}));
    server.ask(&token, "{ me { username } }", json!({}));
    server.get("/api/tracker/events/abc?program=secret");
    let figures = server.get("/metrics").body;
    for line in [
        "clinigraph_operation_duration_seconds_count{operation=\"Who\",outcome=\"ok\"} 2",
        "clinigraph_operation_duration_seconds_count{operation=\"anonymous\",outcome=\"ok\"} 1",
        "clinigraph_http_request_duration_seconds_count{method=\"POST\",route=\"/graphql\",status=\"200\"} 3",
        "clinigraph_http_request_duration_seconds_count{method=\"GET\",route=\"/api/tracker/events/{uid}\",status=\"401\"} 1",
        "clinigraph_http_requests_in_flight 1",
        "clinigraph_database_up 1",
        "clinigraph_ready 1",
        "clinigraph_database_connections{state=\"limit\"} 8",
        "clinigraph_database_waiting 0",
        "clinigraph_data_version 1",
        "clinigraph_refresh_failures_total 0",
        "clinigraph_refresh_failed 0",
        "clinigraph_imports_total{kind=\"GENERATE\",outcome=\"done\"} 1",
        "clinigraph_sockets_open 0",
        "clinigraph_cache_lookups_total{cache=\"documents\",result=\"hit\"} 1",
    ] {
        assert!(figures.contains(line), "{line}\n{figures}");
    }
    let value = |name: &str| -> f64 {
        let line = figures.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}\n{figures}"))
            .trim()
            .parse()
            .expect("a number")
    };
    assert!(value("clinigraph_data_version_age_seconds ") < 300.0);
    assert!(value("clinigraph_refresh_last_timestamp_seconds ") > 1.7e9);
    assert!(value("process_resident_memory_bytes ") > 1e6);
    assert!(!figures.contains("admin") && !figures.contains("secret"));

    // A refresh that fails is seen, whoever ran it.
    testing::execute(
        &mut conn,
        "ALTER TABLE station_transfers RENAME TO elsewhere",
    );
    storage::refresh::run(&mut conn, |_| {}).expect_err("it fails");
    let figures = server.get("/metrics").body;
    for line in [
        "clinigraph_refresh_failures_total 1",
        "clinigraph_refresh_failed 1",
        "clinigraph_data_version 1",
    ] {
        assert!(figures.contains(line), "{line}\n{figures}");
    }
}

#[test]
fn who_may_see_where_the_time_went_sees_it() {
    let (url, token) = generated("clinigraph_timing");
    let server = Program::serve(&url, &[]);
    server.until_ready();
    let clerk = tokens::create(&mut connect(&url).expect("it answers"), "clerk").expect("a token");
    let ask = |token: &str| {
        let reply = server.ask(token, "{ me { username } }", json!({}));
        reply.header("server-timing").map(ToOwned::to_owned)
    };
    let timing = ask(&token).expect("a header");
    assert!(
        timing.starts_with("wait;dur=")
            && timing.contains(", db;dur=")
            && timing.contains(", total;dur="),
        "{timing}"
    );
    assert!(!timing.contains("desc=\"0 steps\""), "{timing}");
    assert_eq!(ask(&clerk), None);
    let bearer = format!("ApiToken {token}");
    let reply = server.send(
        "GET /api/tracker/jobs/abcdefghijk",
        &[("Authorization", &bearer)],
        "",
    );
    assert!(reply.header("server-timing").is_some(), "{reply:?}");
}
