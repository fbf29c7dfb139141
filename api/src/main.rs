//! The program: reads the command line, runs the command, and stops the local database however it ends.

use std::sync::Arc;

use clap::Parser;
use clinigraph::{
    cli::{Cli, Command},
    commands::{self, Database, Failure},
    limits::Audience,
    supervisor::asked_to_stop,
    telemetry,
};
use tokio::signal::unix::{self, SignalKind};

/// An answer is thousands of short-lived texts and futures, made and freed on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let cli = Cli::parse();
    let settings = &cli.settings;
    let telemetry = telemetry::start(
        &settings.log,
        settings.log_format,
        settings.otlp_endpoint.as_deref(),
    );
    let system = actix_web::rt::System::new();
    let outcome = system.block_on(run(cli));
    drop(telemetry);
    let code = outcome.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        1
    });
    // The system is not dropped: that would wait for threads that wait for a database which may never answer.
    std::process::exit(code)
}

async fn run(cli: Cli) -> Result<i32, Failure> {
    if matches!(cli.command, Command::Schema) {
        println!("{}", clinigraph::graphql::sdl().trim_end());
        return Ok(0);
    }
    let is_server = matches!(cli.command, Command::Serve(_) | Command::Demo(_));
    let settings = cli.settings;
    let database = blocking(move || Database::open(&settings, !is_server)).await?;
    let database = Arc::new(database);
    let outcome = run_on(&database, cli.command).await;
    database.stop();
    outcome
}

async fn run_on(database: &Arc<Database>, command: Command) -> Result<i32, Failure> {
    let shared = Arc::clone(database);
    match command {
        Command::Serve(server) => {
            interruptible(database, move || commands::prepare_serve(&shared)).await?;
            commands::serve(database, &server, None).await.map(|()| 0)
        }
        Command::Demo(mut server) => {
            server
                .limits
                .introspection
                .get_or_insert(Audience::Everybody);
            let token = interruptible(database, move || commands::prepare_demo(&shared)).await?;
            commands::serve(database, &server, Some(&token))
                .await
                .map(|()| 0)
        }
        // Ctrl-C is for the program that was started: psql, for one, cancels a query with it.
        command @ Command::Postgres { .. } => {
            let _listening = unix::signal(SignalKind::interrupt());
            blocking(move || commands::run(command, &shared)).await
        }
        command => interruptible(database, move || commands::run(command, &shared)).await,
    }
}

/// Runs work on a database. A signal stops the local database, which rolls the work back, and ends the program.
async fn interruptible<T: Send + 'static>(
    database: &Database,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = blocking(work) => outcome,
        _ = asked_to_stop() => {
            database.stop();
            eprintln!("interrupted");
            std::process::exit(130)
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err("the command stopped unexpectedly".to_owned()))
}
