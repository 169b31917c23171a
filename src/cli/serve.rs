//! `sluice serve`.

use clap::Args;

use super::{Failure, configuration};
use crate::{config::Flags, reload, startup, telemetry};

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
        let service =
            startup::build(config, flags).map_err(|error| Failure::Start(vec![format!("{error:#}")]))?;
        let running = actix_web::rt::spawn(service.server);
        let store = service.current.get().config.store.path.clone();
        let serving = reload::Serving::announce(&store)
            .inspect_err(|cause| tracing::warn!(%cause, "`sluice reload` will not find this service"));
        actix_web::rt::spawn(reload::on_hangup(service.current));
        // The server listens for signals once it has been polled.
        tokio::task::yield_now().await;
        tracing::info!(address = service.address, "listening");
        running.await??;
        drop((service.events, service.couriers, service.background, serving));
        tracing::info!("stopped");
        Ok(())
    });
    drop(log);
    served
}
