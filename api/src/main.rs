//! The program: reads the command line, runs the command, and stops the local database however it ends.

use std::process::ExitCode;

use clap::Parser;
use clinigraph::{
    cli::{Cli, Command},
    commands::{self, Failure},
    telemetry,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let settings = &cli.settings;
    let telemetry = telemetry::start(
        &settings.log,
        settings.log_format,
        settings.otlp_endpoint.as_deref(),
    );
    let outcome = actix_web::rt::System::new().block_on(run(cli));
    drop(telemetry);
    match outcome {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<i32, Failure> {
    let settings = cli.settings;
    match cli.command {
        Command::Serve(server) => {
            let database = blocking(move || commands::prepare_serve(&settings)).await?;
            commands::serve(&database, &server, None).await?;
            Ok(0)
        }
        Command::Demo(server) => {
            let (database, token) = blocking(move || commands::prepare_demo(&settings)).await?;
            commands::serve(&database, &server, Some(&token)).await?;
            Ok(0)
        }
        // Ctrl-C reaches a program run for the user first; its end is waited for.
        command @ Command::Postgres { .. } => {
            blocking(move || commands::run(command, &settings)).await
        }
        command => blocking(move || commands::run(command, &settings)).await,
    }
}

/// Runs work that blocks. A signal ends the program, which stops the local database and so rolls the work back.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let task = tokio::task::spawn_blocking(work);
    task.await
        .unwrap_or_else(|_| Err("the command stopped unexpectedly".to_owned()))
}
