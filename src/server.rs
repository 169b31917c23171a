//! The sockets, and who answers on them: the gate takes verify requests, the pages take the rest.

mod connection;

use std::{
    fs,
    future::ready,
    io,
    net::{SocketAddr, TcpListener},
    os::unix::{
        fs::FileTypeExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, error::DispatchError};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{App, dev::AppConfig, rt::net, web::Data};
use tokio::io::{AsyncRead, AsyncWrite};

use connection::Connections;

use crate::{
    config::{Listen, Problem},
    proxy::gate::Gate,
    routes,
    state::Current,
};

/// A client gets this long for its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// And this long to take note that the connection ends.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
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
    let current = Arc::clone(current);
    let server = Server::build().workers(workers).shutdown_timeout(SHUTDOWN_SECONDS);
    let stopping = server.graceful_shutdown_signal();
    let server = match listener {
        Listener::Tcp(listener) => server.listen("sluice", listener, move || {
            answering(&current, &stopping, |io: &net::TcpStream| io.peer_addr().ok())
        })?,
        Listener::Unix(listener) => server.listen_uds("sluice", listener, move || {
            answering(&current, &stopping, |_: &net::UnixStream| None)
        })?,
    };
    Ok(server.run())
}

/// What a worker does with connections; `peer` says whose one is.
fn answering<I>(
    current: &Arc<Current>,
    stopping: &GracefulShutdownSignal,
    peer: fn(&I) -> Option<SocketAddr>,
) -> impl ServiceFactory<I, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<I>
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let base_path = current.get().config.server.base_path.clone();
    let pages = App::new()
        .app_data(Data::from(Arc::clone(current)))
        .configure(|service| routes::configure(service, &base_path));
    let gate = Gate::before(pages.into_factory(), Arc::clone(current));
    let http = HttpService::build()
        // Ours end by themselves.
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(GOODBYE_TIMEOUT)
        .h1(map_config(gate, |()| AppConfig::default()));
    let stopping = stopping.clone();
    let connections = Connections::until(async move { stopping.notified().await });
    fn_service(move |io| {
        let peer = peer(&io);
        ready(Ok((connections.add(io), peer)))
    })
    .and_then(http)
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
