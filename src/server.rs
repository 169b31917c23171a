//! The sockets, and who answers on them: the gate takes verify requests, the pages take the rest.

use std::{
    fs, io,
    net::TcpListener,
    os::unix::{
        fs::FileTypeExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::Arc,
    time::Duration,
};

use actix_service::IntoServiceFactory;
use actix_web::{App, HttpServer, dev::Server, web::Data};

use crate::{
    config::{Listen, Problem},
    proxy::gate::Gate,
    routes,
    state::Current,
};

/// Longer than the proxies hold idle connections (nginx: 60 s), so that they never write to a closed one.
const KEEP_ALIVE: Duration = Duration::from_secs(90);
/// A client gets this long for its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests under way get this long when the service stops.
const SHUTDOWN_SECONDS: u64 = 10;

/// A bound socket.
pub enum Listener {
    /// Of an address.
    Tcp(TcpListener),
    /// Of a path.
    Unix(UnixListener),
}

/// Answers on the socket, with so many workers, until it is stopped.
pub fn serve(current: &Arc<Current>, listener: Listener, workers: usize) -> anyhow::Result<Server> {
    let base_path = current.get().config.server.base_path.clone();
    let current = Data::from(Arc::clone(current));
    let server = HttpServer::new(move || {
        let pages =
            App::new().app_data(current.clone()).configure(|service| routes::configure(service, &base_path));
        Gate::before(pages.into_factory(), current.clone().into_inner())
    })
    .workers(workers)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_SECONDS);
    let server = match listener {
        Listener::Tcp(listener) => server.listen(listener)?,
        Listener::Unix(listener) => server.listen_uds(listener)?,
    };
    Ok(server.run())
}

/// Binds the socket, and says where.
pub fn bind(listen: &Listen) -> anyhow::Result<(Listener, String)> {
    let failed = |text: String| anyhow::anyhow!("{}", Problem::with_value("server.listen", &text));
    match listen {
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address).map_err(|error| {
                failed(match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        format!("{address} is in use by another program; stop that or choose another port")
                    }
                    _ => format!("{address} cannot be bound: {error}; choose an address of this machine"),
                })
            })?;
            let address = listener.local_addr()?.to_string();
            Ok((Listener::Tcp(listener), address))
        }
        Listen::Unix(path) => {
            let listener = bind_unix(path).map_err(|error| {
                failed(format!(
                    "{} cannot be bound: {error}; choose another path or remove the file",
                    path.display()
                ))
            })?;
            Ok((Listener::Unix(listener), format!("unix:{}", path.display())))
        }
    }
}

/// Binds a socket that the owner and the group may open, in place of one that nobody listens on any more.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if is_socket
        && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o660))?;
    Ok(listener)
}
