//! Sluice behind a real nginx with the shipped files.

#[expect(dead_code, reason = "each test binary uses a part of it")]
mod support;

use support::proxy::Kind;

crate::behind!(Kind::Nginx);

/// The blocks of the pages that Sluice started from.
mod pages {
    use crate::support::pages;

    #[test]
    fn pytorrents_block_works_with_the_address_changed() {
        pages::pytorrents_block_works_with_the_address_changed();
    }

    #[test]
    fn a_client_gains_nothing_by_what_the_blocks_leave_to_it() {
        pages::a_client_gains_nothing_by_what_the_blocks_leave_to_it();
    }

    #[test]
    fn amutorrents_authelia_block_works_with_the_address_changed() {
        pages::amutorrents_authelia_block_works_with_the_address_changed();
    }

    #[test]
    fn amutorrents_authentik_block_works_with_the_line_that_the_log_names() {
        pages::amutorrents_authentik_block_works_with_the_line_that_the_log_names();
    }
}

/// Requests over HTTP/2.
mod http2 {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use crate::support::process::{free_port, local};
    use crate::support::proxy::{Kind, write};
    use crate::support::wait;
    use crate::support::world::World;

    /// The status of the answer to `GET /` with this `:authority` (RFC 9113; RFC 7541 for the headers).
    fn status_for(port: u16, authority: &str) -> String {
        let length = u8::try_from(authority.len()).expect("a short name");
        // GET, http and / stand in HPACK's table; the name of :authority, too.
        let headers = [&[0x82, 0x86, 0x84, 0x41, length], authority.as_bytes()].concat();
        let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
            let length = u8::try_from(payload.len()).expect("a short frame");
            [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
        };
        let mut connection = TcpStream::connect(local(port)).expect("a connection");
        connection.set_read_timeout(Some(wait::PATIENCE)).expect("a time limit");
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let request = [&preface[..], &frame(4, 0, 0, &[]), &frame(1, 5, 1, &headers)].concat();
        connection.write_all(&request).expect("a request");
        loop {
            let mut head = [0; 9];
            connection.read_exact(&mut head).expect("a frame");
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            connection.read_exact(&mut payload).expect("a payload");
            if head[3] == 1 {
                // nginx writes a status out unless it stands in the table, as 500 does.
                let written = payload.windows(2).position(|start| start == [0x48, 3]);
                let status = written.and_then(|at| payload.get(at + 2..at + 5));
                return String::from_utf8_lossy(status.unwrap_or(b"another")).into_owned();
            }
        }
    }

    #[test]
    fn a_host_that_is_none_is_refused_and_not_an_error() {
        let world = World::behind(Kind::Nginx);
        let (path, port) = (world.proxy.dir.path().join("server.conf"), free_port());
        let servers = std::fs::read_to_string(&path).expect("the servers");
        let listen = format!("listen {} default_server;", world.address().port());
        assert!(servers.contains(&listen), "{servers}");
        write(&path, &servers.replace(&listen, &format!("{listen}\n    listen {port} http2;")));
        let id = i32::try_from(world.proxy.process.id()).expect("a process id");
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, rustix::process::Signal::HUP).expect("SIGHUP to an own process");
        wait::until("the second port", || TcpStream::connect(local(port)).is_ok());
        assert_eq!(status_for(port, "127.0.0.1"), "401");
        assert_eq!(status_for(port, "a@app.test"), "403");
        world.app.assert_never_reached();
    }
}
