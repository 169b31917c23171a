//! Sluice behind a real Traefik with the shipped files.

#[expect(dead_code, reason = "each test binary uses a part of it")]
mod support;

use support::proxy::Kind;

crate::behind!(Kind::Traefik);

/// Apps that are decided by the body.
mod bodies {
    use crate::support::proxy::Kind;
    use crate::support::raw::Connection;
    use crate::support::world::World;

    #[test]
    fn no_strangers_body_is_waited_for() {
        let world = World::behind(Kind::Traefik);
        let head = format!(
            "POST /transmission/rpc HTTP/1.1\r\nHost: {}\r\nContent-Length: 30000000\r\n\r\n",
            world.address()
        );
        let mut connection = Connection::open(world.address()).expect("a connection");
        connection.write(head.as_bytes()).expect("a head");
        connection.read_answer(false).expect("an answer before the body").assert_status(401);
        world.other_app.assert_never_reached();
    }
}
