//! `sluice healthcheck`.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    time::Duration,
};

use anyhow::{Context, bail};

use super::{Failure, configuration};
use crate::config::{Flags, Listen};

const TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let listen = configuration(flags)?.server.listen;
    let status = match listen {
        Listen::Tcp(address) => {
            let address = reachable(address);
            let stream = TcpStream::connect_timeout(&address, TIMEOUT)
                .with_context(|| format!("nothing answers on {address}"))?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            ask(stream)?
        }
        Listen::Unix(path) => {
            let stream = UnixStream::connect(&path)
                .with_context(|| format!("nothing answers on {}", path.display()))?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            ask(stream)?
        }
    };
    if status.starts_with("HTTP/1.1 200") {
        return Ok(());
    }
    Err(not_ready(&status).into())
}

fn not_ready(status: &str) -> anyhow::Error {
    anyhow::anyhow!("the service is not ready: {status}")
}

/// An address for every interface is asked on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(_) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
    }
}

/// Asks `/readyz` and returns the status line.
fn ask(mut stream: impl Read + Write) -> anyhow::Result<String> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4_096).read_to_end(&mut answer).context("the service does not answer")?;
    match answer.split(|&b| b == b'\r').next() {
        Some(line) if !line.is_empty() => Ok(String::from_utf8_lossy(line).into_owned()),
        _ => bail!("the service closed the connection without an answer"),
    }
}
