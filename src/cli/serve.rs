//! `sluice serve`.

use clap::Args;

use super::{Failure, configuration};
use crate::{config::Flags, startup, telemetry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to listen: an address and port, or unix:/path
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

pub(super) fn run(mut flags: Flags, arguments: Arguments) -> Result<(), Failure> {
    flags.values.extend(arguments.listen.map(|listen| ("server.listen", listen)));
    let config = configuration(&flags)?;
    let log = telemetry::start(&config.log);
    let served = actix_web::rt::System::new().block_on(async {
        let service = startup::build(config).map_err(|error| Failure::Start(vec![format!("{error:#}")]))?;
        let running = actix_web::rt::spawn(service.server);
        // The server listens for signals once it has been polled.
        tokio::task::yield_now().await;
        tracing::info!(address = service.address, "listening");
        running.await??;
        drop(service.background);
        tracing::info!("stopped");
        Ok(())
    });
    drop(log);
    served
}
