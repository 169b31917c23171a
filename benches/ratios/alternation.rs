//! Two kinds of requests, one at a time and in turn, so that whatever else the machine does meets both.

use std::time::Duration;

use anyhow::{anyhow, ensure};
use sluice::clock;

use crate::{
    http::{Connection, has_status},
    process::move_to_load_core,
    statistics::Latencies,
};

const WARM_UP: usize = 500;
const COUNTED: usize = 5_000;

/// How long each takes, over one connection from the core of the load. Both must be answered with 200.
pub fn alternate(port: u16, one: &[u8], other: &[u8]) -> anyhow::Result<(Latencies, Latencies)> {
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            move_to_load_core()?;
            in_turn(port, one, other)
        });
        client.join().map_err(|_| anyhow!("the measuring thread panicked"))?
    })
}

fn in_turn(port: u16, one: &[u8], other: &[u8]) -> anyhow::Result<(Latencies, Latencies)> {
    let mut connection = Connection::open(port)?;
    let mut times: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    for number in 0..WARM_UP + COUNTED {
        for (request, times) in [one, other].into_iter().zip(&mut times) {
            let sent = clock::monotonic();
            let answer = connection.ask(request)?;
            let time = clock::monotonic() - sent;
            ensure!(has_status(answer, 200), "not 200: {}", String::from_utf8_lossy(answer));
            if number >= WARM_UP {
                times.push(time);
            }
        }
    }
    let [one, other] = times;
    Ok((Latencies::new(one), Latencies::new(other)))
}
